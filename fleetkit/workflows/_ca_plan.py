"""The plan of a rotation of the CA: at which of its three steps it is, and who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.pki import CaStage
from fleetkit.views import draw_certificates
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._shown import list_under
from fleetkit.workflows.listing_certificates import ListedCertificate

__all__ = ["CaPlan"]

_STEPS = {
    CaStage.TRUST: "both CAs are trusted: all machines fetch, etcd's members restart one at a time, and fleet on each",
    CaStage.ISSUE: "the new CA signs every certificate, and all machines fetch: etcd is not restarted, fleet is",
    CaStage.DROP: "the new CA alone is trusted: all machines fetch, members restart one at a time, and fleet on each",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CaPlan(ChangePlan):
    """What a rotation of the CA would do.

    Attributes
    ----------
    stage
        How far one is that was begun before.
    certificates
        All that were made here, the CA first.
    machines
        Those that fetch, the masters first; one that does not run fetches when it boots.
    refused
        Why it may not be done now, a line each; empty where it may.
    mend
        What mends that; empty where etcd's health and the plan of a deploy tell.
    pages
        Whether the etcd browser is on masters: it takes its certificate and whom it trusts when its units start.
    """

    stage: CaStage
    certificates: tuple[ListedCertificate, ...]
    machines: tuple[FleetMachine, ...]
    refused: tuple[str, ...] = ()
    mend: str = ""
    pages: bool = False

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.ROTATE_CA

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do: never, for it is done on demand alone."""
        return False

    @property
    def steps(self) -> tuple[CaStage, ...]:
        """The steps that are left, in their order; one that was cut off is done again."""
        order = tuple(_STEPS)
        return order if self.stage is CaStage.SETTLED else order[order.index(self.stage) :]

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which CA is replaced, how far that is, and where."""
        made = [[one.name, one.serial] for one in self.certificates]
        fetching = [[one.name, one.address] for one in self.machines]
        return {"ca": True, "stage": self.stage, "made": made, "machines": fetching}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"the CA of {self.cluster} cannot be replaced now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        hint = f"mend that first: fleetkit etcd health {self.cluster}, fleetkit plan {self.cluster}"
        return refuse_if(self.refused, hint=self.mend or hint)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.stage is CaStage.SETTLED:
            return f"This replaces the CA of {self.cluster}, and re-issues all its certificates, in three steps."
        return f"This goes on with the rotation of the CA of {self.cluster}: {len(self.steps)} of 3 steps are left."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, a paragraph each."""
        steps = [_STEPS[one] for one in self.steps]
        parts = [list_under("in this order, and each only when all have done the one before:", steps)]
        running = tuple(one.place for one in self.machines if one.is_running)
        resting = tuple(one.place for one in self.machines if not one.is_running)
        parts.append(list_under("these machines take part:", running))
        if resting:
            parts.append(list_under("these do not run, and fetch when they boot:", resting))
        if self.pages:
            parts.append("the etcd browser on masters sees nothing afterwards until its units are stopped and started")
        parts.append("whoever else has this cluster's certificates needs a new handover afterwards")
        return tuple(parts)

    def draw(self) -> str:
        """Draw the days that each certificate is still valid."""
        return draw_certificates(self.certificates)
