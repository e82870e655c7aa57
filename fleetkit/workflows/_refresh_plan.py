"""The plan of replacing a pool's machines that an older launch template made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._drain_plan import DrainPlan, identify_units
from fleetkit.workflows._shown import list_under

__all__ = ["RefreshPlan"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RefreshPlan(ChangePlan):
    """What bringing a new launch template to a pool would do.

    Attributes
    ----------
    pool
        Its name.
    template
        The version of the launch template that makes machines now.
    desired
        How many machines are wanted.
    drains
        How each machine of an older version is emptied, in the order in which they are replaced.
    versions
        Instance id of each of them to the version that made it.
    strand
        Whether units that no other machine takes may wait for the new one.
    amiss
        What is not well about the pool and its units, a line each: replacing a machine would make it worse.
    """

    pool: str
    template: str
    desired: int
    drains: tuple[DrainPlan, ...]
    versions: Mapping[str, str]
    strand: bool = False
    amiss: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.REFRESH

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.drains

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which machines, by which version, and which units go."""
        return {
            "pool": self.pool,
            "template": self.template,
            "machines": dict(self.versions),
            "units": sorted(list(one) for drain in self.drains for one in identify_units(drain.moving)),
            "strand": self.strand,
            "stranded": sorted(name for drain in self.drains for name in drain.stranded),
            "desired": self.desired,
        }

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"machines of the pool {self.pool} of {self.cluster} cannot be replaced now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        if self.is_empty:
            return None
        if self.amiss:
            return refuse_if(
                self.amiss,
                hint=f"wait for that or mend it (fleetkit inspect {self.cluster}, fleetkit units list {self.cluster})",
            )
        reasons = [
            f"{name} of {drain.machine.place} would be on no machine: {why}"
            for drain in self.drains
            for name, why in ({} if self.strand else drain.stranded).items()
        ]
        hint = (
            f"have those wait for the new machine with --strand, or give the pool one machine more "
            f"(pools.{self.pool}.desired); where it shrinks again, its group ends one with the units that are on it"
        )
        return refuse_if(reasons, hint=hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return f"Nothing to do: all machines of the pool {self.pool} of {self.cluster} are of its launch template."
        many = "1 machine" if len(self.drains) == 1 else f"{len(self.drains)} machines"
        return f"This replaces {many} of the pool {self.pool} of {self.cluster}, one after the other."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what it means meanwhile, a paragraph each."""
        if self.is_empty:
            return ()
        lines = [
            f"{drain.machine.place}, of version {self.versions[drain.machine.name]}: {_tell_units(drain)}"
            for drain in self.drains
        ]
        parts = [
            list_under(f"these end, and others of version {self.template} are made in their places:", lines),
            "each is emptied first: its fleet is stopped, its units go to other machines, and are seen to run there; "
            "the next one goes once the new machine is in service and in fleet",
            "what lies on their disks is lost with them",
            "a unit moves again where it came to a machine that is replaced later; fleet moves none back, which "
            "fleetkit machines rebalance does",
        ]
        stranded = {name: why for drain in self.drains for name, why in drain.stranded.items()}
        if stranded:
            parts.append(
                list_under("on no machine until the new one is there:", [f"{a}: {why}" for a, why in stranded.items()])
            )
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of the machines that are replaced."""
        rows = [
            (escape(one.machine.place), escape(self.versions[one.machine.name]), escape(_tell_units(one)))
            for one in self.drains
        ]
        return table_html(("machine", "version", "units that move"), rows, label=f"machines of the pool {self.pool}")


def _tell_units(drain: DrainPlan) -> str:
    if not drain.machine_id:
        return "not in fleet"
    return ", ".join(one.name for one in drain.moving) or "no unit"
