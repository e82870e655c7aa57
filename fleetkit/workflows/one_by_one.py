"""One member after the other, each only when all are well: the gate behind which members are burdened.

Whatever makes a member silent for a while (a rewrite of its backend, a restart, a reboot) goes through here.
Followers come first, by name; the leader comes last, and hands its leadership to one that is done before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from fleetkit.core import (
    EtcdError,
    FleetkitError,
    NotFoundError,
    NotYet,
    Patience,
    ServiceError,
    WaitTimeoutError,
    WorkflowError,
    wait_until,
)
from fleetkit.etcd import MemberStatus, move_leader, read_status
from fleetkit.runs import EventKind
from fleetkit.workflows._etcd_look import EtcdLook, look_at_etcd
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows.way_in import WayIn

__all__ = ["OneByOne", "choose_heir", "choose_next", "hand_over", "order_members", "tell_failure"]


def order_members(statuses: Mapping[str, MemberStatus]) -> tuple[str, ...]:
    """Return the members' names in the order in which they are burdened: followers by name, the leader last."""
    return tuple(sorted(statuses, key=lambda name: (statuses[name].is_leader, name)))


def choose_next(left: Sequence[str], statuses: Mapping[str, MemberStatus]) -> str:
    """Return who comes next of those that are left: the first that does not lead now, else the leader itself."""
    return next((name for name in left if not statuses[name].is_leader), left[0])


def choose_heir(leader: str, statuses: Mapping[str, MemberStatus], *, done: Collection[str]) -> str | None:
    """Return who is to lead instead: rather one that is done, for it is not asked to hand over again.

    None where nobody else votes.
    """
    heirs = [name for name, status in statuses.items() if name != leader and not status.is_learner]
    return min(heirs, key=lambda name: (name not in done, name), default=None)


def hand_over(way: WayIn, leader: str, heir: str, *, told: Reporter, patience: Patience) -> None:
    """Have a member that leads hand its leadership over, and wait until it leads no more.

    Raises
    ------
    EtcdError
        When the members refuse.
    WaitTimeoutError
        When it still leads at the deadline.
    """
    told.note(f"moving the leadership from {leader} to {heir}")
    asked = [one for one in way.endpoints if one.name in (leader, heir)]

    def moved() -> bool | NotYet[bool]:
        found = read_status(asked, tls=way.tls)
        heirs, leads = found.ok.get(heir), found.ok.get(leader)
        # One that has died leads no more, but that is known only by another that does.
        if (heirs is not None and heirs.is_leader) or (leads is not None and not leads.is_leader):
            return True
        if heirs is None or leads is None:
            return NotYet("; ".join(map(str, found.failed.values())))
        try:
            move_leader(asked, heirs.member_id, tls=way.tls)
        except (EtcdError, NotFoundError) as error:
            # The member may well have handed over, and answered too late; or the heir was silent for a moment.
            if isinstance(error, EtcdError) and not error.transient:
                raise
            return NotYet(str(error))
        return NotYet(f"{leader} still leads")

    wait_until(moved, what=f"{leader} to lead no more", patience=patience)


def tell_failure(error: FleetkitError, way: WayIn) -> str:
    """Say what failed and what was seen, with the tunnel's own word where that is not open."""
    return "; ".join(filter(None, (error.without_hint, way.loss)))


@dataclass(slots=True, kw_only=True)
class OneByOne:
    """Walks over members.

    Attributes
    ----------
    way, told
        The way to the members, and who is told.
    what
        What is done to them, as it is to stand in an error: ``the upgrade of demo``.
    again
        How it is taken up again, for the hint of an error: ``upgrade again``.
    patience
        How long is waited for all members to be well, before each is burdened and after it.
    done
        Names of those that are done, in order; those that needed nothing are not among them.
    """

    way: WayIn
    told: Reporter
    what: str
    again: str
    patience: Patience
    done: list[str] = field(default_factory=list)

    def walk(
        self,
        members: Sequence[str],
        act: Callable[[str], None],
        *,
        is_done: Callable[[str, EtcdLook], bool] | None = None,
        ailing: str = "",
    ) -> None:
        """Do ``act`` to one member after the other.

        Parameters
        ----------
        members
            Names of the members, in the order of `order_members`; who leads is looked at anew before each.
        act
            Does the thing to the member of that name, and returns when the thing is done; that the member is well
            afterwards is waited for here. May raise a `FleetkitError`.
        is_done
            Whether a member is as it is wanted already, by what was just seen of all: it is passed over, so that
            walking again takes up where a walk broke off.
        ailing
            Name of the one member that may be ill, because a walk broke off while its turn was: it has its turn at
            once, and all others have to be well meanwhile.

        Raises
        ------
        WorkflowError
            When a member falls ill, or does not do its part; says who was done before it.
        """
        left, passed = list(members), set[str]()
        while left:
            first = ailing if ailing in left else ""
            look = self._wait_well(f"before {first or left[0]}", members, but=first)
            fresh = [name for name in left if not (is_done and is_done(name, look))]
            passed |= set(left) - set(fresh)
            if not fresh:
                return
            name = first if first in fresh else choose_next(fresh, look.statuses)
            try:
                self._hand_over(name, look, {*passed, *self.done})
                act(name)
            except FleetkitError as error:
                raise self.failed(name, error) from error
            self.done.append(name)
            left = [one for one in fresh if one != name]
            self._wait_well(f"after {name}", members)

    def failed(self, step: str, error: FleetkitError) -> WorkflowError:
        """Make the error that says where it stopped, and who was done before."""
        return WorkflowError(
            f"{self.what} stopped before the end",
            step=step,
            completed=tuple(self.done),
            seen=f"{step}: {tell_failure(error, self.way)}; done before that: {', '.join(self.done) or 'none'}",
            hint=f"mend what is named (fleetkit etcd health {self.way.cluster.name}), then {self.again}",
        )

    def _wait_well(self, step: str, members: Sequence[str], *, but: str = "") -> EtcdLook:
        """Wait until all are well and the quorum bears one less, and return what was seen then.

        Of a member that is ill already, the quorum bears that it is.
        """

        def look() -> EtcdLook | NotYet[EtcdLook]:
            try:
                found = look_at_etcd(self.way)
            except ServiceError as error:
                if not error.transient:
                    raise
                return NotYet(str(error))
            silent = [f"{name} does not tell its status" for name in members if name not in {*found.statuses, but}]
            reasons = (found.refused_beside(but) if but else found.refused) or tuple(silent)
            return NotYet("; ".join(reasons)) if reasons else found

        try:
            return wait_until(look, what="all members to be well", patience=self.patience)
        except (EtcdError, WaitTimeoutError) as error:
            raise self.failed(step, error) from error

    def _hand_over(self, leader: str, look: EtcdLook, done: Collection[str]) -> None:
        """Have a member that leads hand its leadership over, and wait until it leads no more."""
        status = look.statuses.get(leader)
        heir = choose_heir(leader, look.statuses, done=done) if status is not None and status.is_leader else None
        if heir is None:
            return
        hand_over(self.way, leader, heir, told=self.told, patience=self.patience)
        self.told.record(EventKind.CHANGE, {"what": "leadership", "from": leader, "to": heir})
