"""What came of emptying a machine, or of taking it back."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleetkit.workflows._shown import Shown, Verified

__all__ = ["AppliedDrain", "VerifiedDrain"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedDrain(Shown):
    """What came of emptying a machine, or taking it back.

    Attributes
    ----------
    place
        The machine, for people.
    back
        Whether it was taken back.
    moved
        Names of units that are on another machine as they were on this one.
    amiss
        Name of each that is not, to how it stands.
    nothing
        Why there was nothing to do; empty where there was.
    """

    place: str
    back: bool
    moved: tuple[str, ...] = ()
    amiss: dict[str, str] = field(default_factory=dict)
    nothing: str = ""

    @property
    def text(self) -> str:
        """What came of it, a line for each unit that is amiss."""
        if self.nothing:
            return self.nothing
        if self.back:
            return f"{self.place} is in fleet again."
        lines = [f"{self.place} is empty and has left fleet; {len(self.moved)} units are on other machines."]
        return "\n".join([*lines, *(f"! {name} is {how}" for name, how in self.amiss.items())])

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedDrain(Verified):
    """How a machine and its units stand.

    Attributes
    ----------
    place
        The machine, for people.
    is_in_fleet
        Whether fleet lists it.
    units
        How many units were on it when it was to be emptied.
    findings
        What is not as it should be, one sentence each.
    """

    place: str
    is_in_fleet: bool
    units: int = 0
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on {self.place} and its units"
        if self.is_in_fleet:
            return f"{self.place} is in fleet"
        return f"{self.place} is out of fleet{', and its units are elsewhere' if self.units else ''}"
