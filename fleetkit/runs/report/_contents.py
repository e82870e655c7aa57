"""The report's table of contents, collected while its cells are rendered."""

from __future__ import annotations

import re
from html import escape, unescape

from fleetkit.runs.report._sanitizing import PART_ANCHOR

__all__ = ["Contents"]

_HEADING = re.compile(r"<h([1-3])(?:\s[^>]*)?>(.*?)</h\1>", re.DOTALL)
_MARKUP = re.compile(r'<a class="anchor-link".*?</a>|<[^>]*>', re.DOTALL)


class Contents:
    """The headings of a notebook, with what became of the steps below each."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, str]] = []
        self._marks: dict[int, str] = {}

    def number(self, markup: str) -> str:
        """Return prose with an anchor of the page's own at each of its headings, and remember them."""
        return _HEADING.sub(self._take, markup)

    def _take(self, found: re.Match[str]) -> str:
        level, words = int(found[1]), found[2]
        self._entries.append((level, " ".join(unescape(_MARKUP.sub("", words)).split())))
        return f'<h{level} id="{PART_ANCHOR}{len(self._entries)}">{words}</h{level}>'

    def mark(self, status: str) -> None:
        """Note what became of a step under the heading that was met last, where that is not to be passed over."""
        self._marks[len(self._entries)] = status

    def render(self) -> str:
        """Return the table; nothing where there is only one heading to go to."""
        if len(self._entries) < 2:
            return ""
        items = "".join(
            f'<li class="level-{level}"><a href="#{PART_ANCHOR}{number}">{escape(title)}</a>{self._mark(number)}</li>'
            for number, (level, title) in enumerate(self._entries, start=1)
        )
        return f'<nav aria-label="Contents"><details open><summary>Contents</summary><ol>{items}</ol></details></nav>'

    def _mark(self, number: int) -> str:
        status = self._marks.get(number)
        return f" <strong>{escape(status)}</strong>" if status else ""
