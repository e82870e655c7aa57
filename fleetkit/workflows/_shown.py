"""How a workflow's result stands in a notebook: as its own words, not as its innards."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["Shown", "list_under"]


class Shown:
    """A result whose ``str`` is meant for people; what a notebook and its report show is that."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def list_under(title: str, lines: Iterable[str]) -> str:
    """Return a paragraph of a plan: a title, and what belongs under it, a line each."""
    return "\n".join([title, *(f"  - {line}" for line in lines)])
