"""Keeping secrets out of what is written: known values are replaced, and tell-tale shapes too.

A second line of defence. The first is that secrets are passed as references and never printed.
Known values are found in the forms that `forms_of` lists, also with colours, mark-up or line ends in their midst;
pictures, compressed data and what a program made of a secret by itself cannot be found by text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from fleetkit.core._remembered import remembered_forms
from fleetkit.core._secret_forms import SHORTEST_SECRET, forms_of
from fleetkit.core._secret_shapes import find_shapes

__all__ = ["MASK", "Redactor"]

MASK = "[redacted]"
"""What stands in the place of a secret."""

_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LINE_ENDS = re.compile(r"\r?\n[ \t]*")
_MARKUP = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|</?[A-Za-z][^<>]*>")

_Span = tuple[int, int]


class Redactor:
    """Replaces secrets in text: those that it is given, and those that `remember_secret` was told of.

    Parameters
    ----------
    secrets
        Values to replace wherever they stand; values shorter than six characters are refused,
        because replacing them would spoil ordinary text.

    Raises
    ------
    ValueError
        When a secret is too short to be replaced safely.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = set(secrets)
        if any(len(secret) < SHORTEST_SECRET for secret in known):
            raise ValueError(f"a secret of fewer than {SHORTEST_SECRET} characters cannot be redacted")
        self._count = len(known)
        self._forms = sorted({form for secret in known for form in forms_of(secret)})

    def __repr__(self) -> str:
        return f"Redactor({self._count} secrets)"

    def redact(self, text: str) -> str:
        """Return ``text`` with every known secret and every tell-tale shape replaced."""
        return self.redact_pieces([text])[0]

    def redact_pieces(self, pieces: Sequence[str]) -> list[str]:
        """Return the pieces of one text, redacted: a secret that lies across several leaves all of them.

        The mask stands in the piece where the secret begins.
        """
        spans = self._find("".join(pieces))
        if not spans:
            return list(pieces)
        offsets = itertools.accumulate(map(len, pieces), initial=0)
        return [_mask(piece, offset, spans) for piece, offset in zip(pieces, offsets, strict=False)]

    def _find(self, text: str) -> list[_Span]:
        """Return where secrets lie, in order; what overlaps is one."""
        forms = [*self._forms, *remembered_forms()]
        found = {*_find_forms(text, forms), *find_shapes(text)}
        # A secret may hold such things itself, so the text is searched with and without them.
        for mark, between in (("\x1b[", _COLOURS), ("<", _MARKUP)):
            if mark in text:
                shown, places = _leave_out(between, text)
                seen = {*_find_forms(shown, forms), *find_shapes(shown)}
                found.update((places[start], places[end - 1] + 1) for start, end in seen)
        # Shapes are not looked for across lines: where one ends is often told by the line's end alone.
        if forms and "\n" in text:
            unwrapped, places = _leave_out(_LINE_ENDS, text)
            found.update((places[start], places[end - 1] + 1) for start, end in _find_forms(unwrapped, forms))
        return _merge(found)


def _find_forms(text: str, forms: Iterable[str]) -> Iterator[_Span]:
    for form in forms:
        start = text.find(form)
        while start >= 0:
            yield start, start + len(form)
            start = text.find(form, start + 1)


def _leave_out(between: re.Pattern[str], text: str) -> tuple[str, list[int]]:
    """Return the text without what matches, and the place in the whole text of each character that is left."""
    places: list[int] = []
    kept_until = 0
    for gap in between.finditer(text):
        places.extend(range(kept_until, gap.start()))
        kept_until = gap.end()
    places.extend(range(kept_until, len(text)))
    return "".join([text[place] for place in places]), places


def _merge(found: Iterable[_Span]) -> list[_Span]:
    spans: list[_Span] = []
    for start, end in sorted(found):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _mask(piece: str, offset: int, spans: Sequence[_Span]) -> str:
    """Return what is left of a piece that begins at ``offset`` of the whole text."""
    parts, done = [], 0
    for start, end in spans:
        first, last = max(start - offset, 0), min(end - offset, len(piece))
        if first < last:
            parts += [piece[done:first], MASK if start >= offset else ""]
            done = last
    return "".join([*parts, piece[done:]])
