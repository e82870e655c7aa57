"""The forms that a known secret takes on its way into a text: escaped, quoted, or encoded.

Compressed, encrypted and drawn forms are not among them: no search finds those.
"""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterator

__all__ = ["SHORTEST_SECRET", "forms_of"]

SHORTEST_SECRET = 6
"""A shorter value would be found all over ordinary text, and its removal would spoil the record."""

_SHORTEST_LINE = 8
"""The same for one line of many: shorter ones are brackets and words."""

_QUOTES = (("'", '"'), ("\\'", '"'), ("'", '\\"'), ("\\'", '\\"'))
_ARMOUR = re.compile(r"-{5}(BEGIN|END) [A-Z0-9 ]+-{5}")


def forms_of(secret: str) -> set[str]:
    """Return every text that gives ``secret`` away when it stands somewhere.

    A secret of several lines is also looked for line by line, since a traceback, a log or a table puts something
    between them.
    """
    lines = [line.strip() for line in secret.splitlines()] if len(secret.splitlines()) > 1 else []
    telling = (line for line in lines if len(line) >= _SHORTEST_LINE and not _ARMOUR.fullmatch(line))
    return {form for value in (secret, *telling) for form in _forms(value) if len(form) >= SHORTEST_SECRET}


def _forms(value: str) -> Iterator[str]:
    yield value
    data = value.encode("utf-8", errors="surrogatepass")
    yield from _escaped(value, data)
    yield data.hex()
    yield data.hex().upper()
    yield from _url_encoded(data)
    yield from _base64_encoded(data)


def _escaped(value: str, data: bytes) -> Iterator[str]:
    """Yield how JSON, Python, papermill and HTML write the value; JSON in JSON escapes what was escaped before."""
    literals = {
        value.encode("unicode_escape").decode("ascii"),
        repr(value)[1:-1].replace("\\'", "'"),
        repr(data)[2:-1].replace("\\'", "'"),
    }
    # Which of the quotation marks are escaped depends on what the text is written between.
    written = {body.replace("'", single).replace('"', double) for body in literals for single, double in _QUOTES}
    written |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for text in written:
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield html.escape(value)
    yield html.escape(value, quote=False)


def _url_encoded(data: bytes) -> Iterator[str]:
    for safe in ("", "/", "/:@"):
        for quote in (urllib.parse.quote, urllib.parse.quote_plus):
            quoted = quote(data, safe=safe)
            yield quoted
            yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)


def _base64_encoded(data: bytes) -> Iterator[str]:
    """Yield what is in common to all base64 texts that hold the value, for each of its three places in a group.

    The characters at both ends depend on the neighbours too, and are left out.
    """
    for before in range(3):
        bits = 8 * (before + len(data))
        first, last = -(-8 * before // 6), bits // 6
        padded = bytes(before) + data + bytes(2)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(padded).decode("ascii")[first:last]
