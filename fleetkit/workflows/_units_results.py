"""What came of a change of units, and how they stand after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleetkit.workflows._shown import Shown, Verified

__all__ = ["AppliedUnits", "VerifiedUnits"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AppliedUnits(Shown):
    """What came of a change of units.

    Attributes
    ----------
    cluster
        Name of the cluster.
    done
        Names of units that were sent and came to what was asked for, in their order, put back since or not.
    failed
        Name of each that did not, to how it stands.
    unsent
        Names of those that were not sent, since one before them failed, or was not there.
    put_back
        Whether what was sent was put back.
    not_put_back
        Name of each of which that did not succeed, to how it stands.
    late
        Name of each that was in fleet as wanted before, and is not there, to how it stands.
    """

    cluster: str
    done: tuple[str, ...]
    failed: dict[str, str] = field(default_factory=dict)
    unsent: tuple[str, ...] = ()
    put_back: bool = False
    not_put_back: dict[str, str] = field(default_factory=dict)
    late: dict[str, str] = field(default_factory=dict)

    @property
    def is_put_back(self) -> bool:
        """Whether all that was sent is as it was before."""
        return self.put_back and not self.not_put_back

    @property
    def text(self) -> str:
        """What came of it, a line for each that did not come about."""
        amiss = {**self.late, **self.failed}
        if not self.done and not amiss:
            return f"Nothing to do: all units of {self.cluster} that are spoken of are as wanted."
        back = [f"! not put back: {name} is {how}" for name, how in self.not_put_back.items()]
        are, is_ = ("were", "was") if self.put_back else ("are", "is")
        lines = [f"{len(self.done)} units of {self.cluster} {are} as wanted, {len(amiss)} {are} not."]
        lines += [f"! {name} {is_} {how}" for name, how in amiss.items()]
        if self.unsent:
            lines.append(f"! not sent, since one before them is not there: {', '.join(self.unsent)}")
        if self.put_back:
            lines.append(
                f"All that was sent was put back as it was before{'.' if self.is_put_back else ', but for these:'}"
            )
        lines += back
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedUnits(Verified):
    """How units stand after a change.

    Attributes
    ----------
    cluster
        Name of the cluster.
    units
        How many were looked at.
    findings
        What is not as it should be, one sentence each.
    journals
        The last lines of what failed, by unit and machine.
    """

    cluster: str
    units: int
    findings: tuple[str, ...]
    journals: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.findings:
            return f"{len(self.findings)} findings on units of {self.cluster}"
        return f"all {self.units} units of {self.cluster} that were looked at are as wanted"

    def __str__(self) -> str:
        told = [Verified.__str__(self)]
        for place, lines in self.journals.items():
            told += [f"the last lines of {place}:", *(f"  {line}" for line in lines)]
        return "\n".join(told)
