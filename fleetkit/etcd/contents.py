"""What a value of etcd is: JSON, text or bytes; and how each is shown to a person without losing anything of it.

etcd itself knows bytes alone, so this is judged from the bytes. What could steer a terminal is no text.
"""

from __future__ import annotations

import enum
import json
import re
import unicodedata

__all__ = ["ContentKind", "decode_content", "indent_json", "show_content", "show_key", "tell_kind"]

_TEXT_CONTROLS = "\t\n\r"
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_INDENT = "  "


class ContentKind(enum.StrEnum):
    """What a value is."""

    EMPTY = "empty"
    JSON = "json"
    TEXT = "text"
    BYTES = "bytes"


def tell_kind(content: bytes) -> ContentKind:
    """Say what a value is.

    JSON is an object or a list: a bare number or word is text to whoever wrote it.
    Text is UTF-8 without control characters other than tab and line ends.
    """
    if not content:
        return ContentKind.EMPTY
    text = decode_content(content)
    if text is None:
        return ContentKind.BYTES
    return ContentKind.JSON if _is_json(text) else ContentKind.TEXT


def decode_content(content: bytes) -> str | None:
    """Return a value as text; None where it is none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if any(_is_control(one) for one in text) else text


def show_content(content: bytes) -> str:
    """Return a value for a person: JSON indented, text as it is, bytes in hex."""
    kind = tell_kind(content)
    if kind is ContentKind.BYTES:
        return content.hex(" ")
    text = content.decode("utf-8")
    return indent_json(text) if kind is ContentKind.JSON else text


def show_key(key: bytes) -> str:
    r"""Return a key for a person: as text, with what is none as ``\xff`` or ``\u200b``.

    What cannot be seen is written out: it would hide that two keys differ, or steer a terminal.
    """
    text = key.decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def indent_json(text: str) -> str:
    """Return JSON with a line for each member and each item.

    Names, strings and numbers stay letter by letter what they were, and so does a name that is there twice; reading
    and writing it anew would change them.
    """
    parts, depth = [], 0
    tokens = _TOKENS.findall(text)
    for part, before in zip(tokens, ["", *tokens[:-1]], strict=True):
        closes = part in ("]", "}")
        depth -= closes
        if (closes and before not in ("[", "{")) or before == "," or (before in ("[", "{") and not closes):
            parts.append("\n" + _INDENT * depth)
        depth += part in ("[", "{")
        parts.append(": " if part == ":" else part)
    return "".join(parts)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in _TEXT_CONTROLS


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
