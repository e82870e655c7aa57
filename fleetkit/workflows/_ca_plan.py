"""The plan of a rotation of the CA: at which of its three steps it is, and who takes part."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from fleetkit.config import Approval
from fleetkit.core import PreconditionError
from fleetkit.pki import CaStage
from fleetkit.views import PlanView, draw_certificates
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._shown import Shown, list_under
from fleetkit.workflows.listing_certificates import ListedCertificate

__all__ = ["CaPlan"]

_STEPS = {
    CaStage.TRUST: "both CAs are trusted: all machines fetch, etcd's members restart one at a time, and fleet on each",
    CaStage.ISSUE: "the new CA signs every certificate, and all machines fetch: etcd is not restarted, fleet is",
    CaStage.DROP: "the new CA alone is trusted: all machines fetch, members restart one at a time, and fleet on each",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CaPlan(Shown):
    """What a rotation of the CA would do.

    Attributes
    ----------
    cluster
        Name of the cluster.
    stage
        How far one is that was begun before.
    certificates
        All that were made here, the CA first.
    machines
        Those that fetch, the masters first; one that does not run fetches when it boots.
    refused
        Why it may not be done now, a line each; empty where it may.
    """

    cluster: str
    stage: CaStage
    certificates: tuple[ListedCertificate, ...]
    machines: tuple[FleetMachine, ...]
    refused: tuple[str, ...] = ()
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

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
    def sha256(self) -> str:
        """Fingerprint of which CA is replaced, how far that is, and where."""
        made = [[one.name, one.serial] for one in self.certificates]
        fetching = [[one.name, one.address] for one in self.machines]
        said = {"cluster": self.cluster, "ca": True, "stage": self.stage, "made": made, "machines": fetching}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def view(self) -> PlanView:
        """What Terraform would change: nothing."""
        return PlanView(rows=(), outputs=())

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.refused:
            return f"The CA of {self.cluster} cannot be replaced now."
        if self.stage is CaStage.SETTLED:
            return f"This replaces the CA of {self.cluster}, and re-issues all its certificates, in three steps."
        return f"This goes on with the rotation of the CA of {self.cluster}: {len(self.steps)} of 3 steps are left."

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done, a paragraph each."""
        parts = [list_under("refused, because:", self.refused)] if self.refused else []
        parts.append(list_under("in this order, and each only when all have done the one before:", self._told_steps()))
        running = tuple(_place(one) for one in self.machines if one.is_running)
        resting = tuple(_place(one) for one in self.machines if not one.is_running)
        parts.append(list_under("these machines take part:", running))
        if resting:
            parts.append(list_under("these do not run, and fetch when they boot:", resting))
        parts.append("whoever else has this cluster's certificates needs a new handover afterwards")
        return tuple(parts)

    def _told_steps(self) -> tuple[str, ...]:
        return tuple(_STEPS[one] for one in self.steps)

    def draw(self) -> str:
        """Draw the days that each certificate is still valid."""
        return draw_certificates(self.certificates)

    def check(self) -> None:
        """Refuse what would cost the quorum, or bring more than certificates.

        Raises
        ------
        PreconditionError
            When a member is ill, the quorum would not bear a restart, a master does not run, the CA has expired, or
            machines would fetch other changes as well.
        """
        if self.refused:
            raise PreconditionError(
                f"the CA of {self.cluster} cannot be replaced now",
                seen="; ".join(self.refused),
                hint=f"mend that first: fleetkit etcd health {self.cluster}, fleetkit plan {self.cluster}",
            )

    def __str__(self) -> str:
        return "\n\n".join([self.opening, *self.beyond_terraform])


def _place(machine: FleetMachine) -> str:
    return f"{machine.name} ({machine.role or 'master'}, {machine.address})"
