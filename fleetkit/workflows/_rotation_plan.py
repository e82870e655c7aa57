"""The plan of a rotation: which leaves are re-issued, and which machines fetch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import NotFoundError
from fleetkit.views import draw_certificates
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._shown import list_under
from fleetkit.workflows.listing_certificates import ListedCertificate

__all__ = ["FLEET", "RotationPlan", "select_leaves", "select_machines"]

FLEET = "clients/fleet"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RotationPlan(ChangePlan):
    """What a rotation would do.

    Attributes
    ----------
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

    renewed: tuple[ListedCertificate, ...]
    undelivered: tuple[str, ...]
    left_out: tuple[ListedCertificate, ...]
    machines: tuple[FleetMachine, ...]
    refused: tuple[str, ...] = ()
    mend: str = ""

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
    def facts(self) -> Mapping[str, Any]:
        """Which certificates are replaced, and where; days left are none of it."""
        replaced = [[one.name, one.serial] for one in self.renewed]
        fetching = [[one.name, one.address] for one in self.machines]
        return {"renewed": replaced, "undelivered": self.undelivered, "machines": fetching}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"the certificates of {self.cluster} cannot be rotated now"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        return refuse_if(self.refused, hint=self.mend)

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if self.is_empty:
            return (
                f"Nothing to rotate: no certificate of {self.cluster} expires soon, and members serve those made here."
            )
        return (
            f"This re-issues {len(self.renewed)} certificates of {self.cluster}, and brings {len(self.names)} to those "
            "that use them; etcd is not restarted."
        )

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what is not, a paragraph each."""
        parts = []
        if self.renewed:
            rows = [f"{one.name}: {one.verdict}, {one.days_left} days left" for one in self.renewed]
            parts.append(list_under("re-issued, each for the key that it has:", rows))
        if self.undelivered:
            parts.append(list_under("made before, and not with all that use them:", self.undelivered))
        running = [one.place for one in self.machines if one.is_running]
        resting = [one.place for one in self.machines if not one.is_running]
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
