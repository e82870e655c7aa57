"""How a workflow's result stands in a notebook: as its own words, not as its innards."""

from __future__ import annotations

from html import escape

__all__ = ["Shown"]


class Shown:
    """A result whose ``str`` is meant for people; what a notebook and its report show is that."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"
