"""The plan of a rotation: which leaves are re-issued, and which machines fetch them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from fleetkit.config import Approval
from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.views import PlanView, draw_certificates
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._shown import Shown, list_under
from fleetkit.workflows.listing_certificates import ListedCertificate

__all__ = ["FLEET", "RotationPlan", "select_leaves", "select_machines"]

FLEET = "clients/fleet"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RotationPlan(Shown):
    """What a rotation would do.

    Attributes
    ----------
    cluster
        Name of the cluster.
    renewed
        Leaves that are re-issued.
    undelivered
        Names of leaves that were re-issued before, and that machines may not have.
    left_out
        Those that are left as they are.
    machines
        Those that fetch, in this order; one that does not run fetches when it boots.
    refused
        Why it may not be done now, a line each; empty where it may.
    mend
        What mends that.
    """

    cluster: str
    renewed: tuple[ListedCertificate, ...]
    undelivered: tuple[str, ...]
    left_out: tuple[ListedCertificate, ...]
    machines: tuple[FleetMachine, ...]
    refused: tuple[str, ...] = ()
    mend: str = ""
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.ROTATE

    @property
    def names(self) -> tuple[str, ...]:
        """The leaves that machines are to have afterwards."""
        return (*(one.name for one in self.renewed), *self.undelivered)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.names

    @property
    def restarts_fleet(self) -> bool:
        """Whether fleet has a new certificate to take."""
        return FLEET in self.names

    @property
    def sha256(self) -> str:
        """Fingerprint of which certificates are replaced, and where; days left are none of it."""
        replaced = [[one.name, one.serial] for one in self.renewed]
        fetching = [[one.name, one.address] for one in self.machines]
        said = {"cluster": self.cluster, "renewed": replaced, "undelivered": self.undelivered, "machines": fetching}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def view(self) -> PlanView:
        """What Terraform would change: nothing."""
        return PlanView(rows=(), outputs=())

    @property
    def opening(self) -> str:
        """What the plan does, in one sentence."""
        if self.refused:
            return f"The certificates of {self.cluster} cannot be rotated now."
        if self.is_empty:
            return (
                f"Nothing to rotate: no certificate of {self.cluster} expires soon, and members serve those made here."
            )
        return (
            f"This re-issues {len(self.renewed)} certificates of {self.cluster}, and brings {len(self.names)} to those "
            "that use them; etcd is not restarted."
        )

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done, and what is not, a paragraph each."""
        parts = [list_under("refused, because:", self.refused)] if self.refused else []
        if self.renewed:
            rows = [f"{one.name}: {one.verdict}, {one.days_left} days left" for one in self.renewed]
            parts.append(list_under("re-issued, each for the key that it has:", rows))
        if self.undelivered:
            parts.append(list_under("made before, and not with all that use them:", self.undelivered))
        running = [_place(one) for one in self.machines if one.is_running]
        resting = [_place(one) for one in self.machines if not one.is_running]
        if running:
            parts.append(list_under("these machines fetch, in this order:", running))
        if resting:
            parts.append(list_under("these do not run, and fetch when they boot:", resting))
        if self.restarts_fleet:
            parts.append("fleet is killed and started on each of them, one by one: its units run on")
        return tuple(parts)

    def draw(self) -> str:
        """Draw the days that each certificate is still valid."""
        return draw_certificates((*self.renewed, *self.left_out))

    def check(self) -> None:
        """Refuse what would not help, or would bring more than certificates.

        Raises
        ------
        PreconditionError
            When the CA has expired, or machines would fetch other changes as well.
        """
        if self.refused:
            raise PreconditionError(
                f"the certificates of {self.cluster} cannot be rotated now",
                seen="; ".join(self.refused),
                hint=self.mend,
            )

    def __str__(self) -> str:
        return "\n\n".join([self.opening, *self.beyond_terraform])


def select_leaves(
    made: Sequence[ListedCertificate], *, only: Sequence[str], everything: bool
) -> tuple[ListedCertificate, ...]:
    """Return the leaves that are meant: those that are named, all, or those that have expired or soon will.

    Parameters
    ----------
    only
        A member, for both of its certificates; a client; or a certificate as a listing names it.

    Raises
    ------
    NotFoundError
        When a name is none of these; lists those that are.
    """
    leaves = [one for one in made if one.name != "ca"]
    if not only:
        return tuple(one for one in leaves if everything or one.verdict in ("expired", "expires soon"))
    known = {part: None for one in leaves for part in (one.name.split("/")[1], one.name)}
    for name in only:
        if name not in known:
            raise NotFoundError(f"there is no certificate of {name}", known=list(known))
    return tuple(one for one in leaves if one.name in only or one.name.split("/")[1] in only)


def select_machines(machines: Sequence[FleetMachine], leaves: Sequence[str]) -> tuple[FleetMachine, ...]:
    """Return the machines that use one of the leaves: fleet's is on all, a member's on its own."""
    members = {leaf.split("/")[1] for leaf in leaves if leaf.startswith("members/")}
    return tuple(one for one in machines if FLEET in leaves or (not one.role and one.name in members))


def _place(machine: FleetMachine) -> str:
    return f"{machine.name} ({machine.role or 'master'}, {machine.address})"
