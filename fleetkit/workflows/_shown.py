"""How a workflow's result stands in a notebook: as its own words, not as its innards."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from fleetkit.views import lines_html

__all__ = ["Shown", "Verified", "list_under"]


class Shown:
    """A result whose ``str`` is meant for people; what a notebook and its report show is that."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return lines_html(str(self))


class Verified(Shown):
    """How something stands after a change: in one sentence, and in one more for whatever is amiss."""

    __slots__ = ()

    findings: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """``findings`` when something is amiss, else ``done``."""
        return "findings" if self.findings else "done"

    @property
    @abstractmethod
    def summary(self) -> str:
        """One sentence."""

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"! {one}" for one in self.findings)])


def list_under(title: str, lines: Iterable[str]) -> str:
    """Return a paragraph of a plan: a title, and what belongs under it, a line each."""
    return "\n".join([title, *(f"  - {line}" for line in lines)])
