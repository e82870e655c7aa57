"""Command lines of units: how systemd splits, prefixes and expands them, which is not how a shell does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Command", "UnitSyntaxError", "expand_specifiers", "expand_words", "parse_command", "split_words"]

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t", "v": "\v"}
_BRACED = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_PREFIXES = "-@:+!"


class UnitSyntaxError(ValueError):
    """A setting of a unit cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of an ``Exec…=`` line.

    Attributes
    ----------
    words
        Program and arguments, variables not yet expanded.
    may_fail
        Prefix ``-``: a failure counts as success.
    literal
        Prefix ``:``: variables are not expanded.
    renamed
        Prefix ``@``: the second word is what the program sees as its own name.
    """

    words: tuple[str, ...]
    may_fail: bool = False
    literal: bool = False
    renamed: bool = False


def parse_command(line: str, *, specifiers: Mapping[str, str]) -> Command:
    """Read one command line.

    Raises
    ------
    UnitSyntaxError
        When quotes do not end, an escape or specifier is unknown, or several commands are chained.
    """
    rest = line.strip()
    prefixes = ""
    while rest and rest[0] in _PREFIXES:
        prefixes += rest[0]
        rest = rest[1:]
    words = [expand_specifiers(word, specifiers) for word in split_words(rest)]
    if not words:
        raise UnitSyntaxError(f"no executable in {line!r}")
    if ";" in words:
        raise UnitSyntaxError(f"several commands on one line are not known to the stand-in: {line!r}")
    program = words[0]
    if "/" in program and not program.startswith("/"):
        raise UnitSyntaxError(f"neither a valid executable name nor an absolute path: {program}")
    return Command(words=tuple(words), may_fail="-" in prefixes, literal=":" in prefixes, renamed="@" in prefixes)


def split_words(text: str) -> list[str]:
    """Split at blanks, honouring quotes and C-like escapes."""
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    position = 0
    while position < len(text):
        letter = text[position]
        position += 1
        if letter == "\\":
            plain, position = _read_escape(text, position)
            word = [*(word or []), plain]
        elif quote:
            if letter == quote:
                quote = ""
            else:
                word = [*(word or []), letter]
        elif letter in "'\"":
            quote, word = letter, word or []
        elif letter.isspace():
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [*(word or []), letter]
    if quote:
        raise UnitSyntaxError(f"a quote does not end: {text!r}")
    if word is not None:
        words.append("".join(word))
    return words


def _read_escape(text: str, position: int) -> tuple[str, int]:
    if position >= len(text):
        raise UnitSyntaxError(f"an escape does not end: {text!r}")
    letter = text[position]
    if letter in _ESCAPES:
        return _ESCAPES[letter], position + 1
    if letter in "\\\"'":
        return letter, position + 1
    if letter == "x" and re.fullmatch(r"[0-9a-fA-F]{2}", text[position + 1 : position + 3]):
        return chr(int(text[position + 1 : position + 3], 16)), position + 3
    raise UnitSyntaxError(f"unknown escape \\{letter} in {text!r}")


def expand_specifiers(text: str, specifiers: Mapping[str, str]) -> str:
    """Replace ``%n`` and the like.

    Raises
    ------
    UnitSyntaxError
        When a specifier is not known.
    """

    def replace(match: re.Match[str]) -> str:
        letter = match.group(1)
        if letter == "%":
            return "%"
        if letter not in specifiers:
            raise UnitSyntaxError(f"specifier %{letter} is not known to the stand-in: {text!r}")
        return specifiers[letter]

    return re.sub(r"%(.)", replace, text)


def expand_words(words: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the words with their variables expanded, and the names of those that are not set.

    ``${NAME}`` is replaced where it stands and stays inside its word; ``$NAME`` as a word of its own
    becomes as many words as its value has, none when it is empty; ``$$`` is a dollar.
    """
    result: list[str] = []
    unset: list[str] = []

    def look_up(name: str) -> str:
        if name not in environment:
            unset.append(name)
        return environment.get(name, "")

    def replace(match: re.Match[str]) -> str:
        return "$" if match.group(1) is None else look_up(match.group(1))

    for word in words:
        whole = _WHOLE.fullmatch(word)
        if whole is not None:
            result += split_words(look_up(whole.group(1)))
        else:
            result.append(_BRACED.sub(replace, word))
    return result, unset
