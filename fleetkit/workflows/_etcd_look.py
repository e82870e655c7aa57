"""What whoever burdens members looks at before, between and after: who is well, who leads, and what each says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import (
    AlarmKind,
    ClusterHealth,
    EtcdLimits,
    MemberHealth,
    MemberStatus,
    Trouble,
    list_alarms,
    read_status,
)
from fleetkit.workflows.way_in import WayIn

__all__ = ["EtcdLook", "look_at_etcd", "wait_until_well"]

_LIMITS = EtcdLimits(total_s=5)
_FULL = frozenset({AlarmKind.NOSPACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdLook:
    """How a cluster's etcd stood at one moment.

    Attributes
    ----------
    health
        The health of all members.
    statuses
        Member's name to what it says of itself, of those that told.
    ill
        Whom it would be wrong to burden, and why, a line each; also who did not tell.
    alarms
        The kinds of alarms that are raised.
    """

    health: ClusterHealth
    statuses: Mapping[str, MemberStatus]
    ill: tuple[str, ...]
    alarms: frozenset[AlarmKind]

    @property
    def at_risk(self) -> bool:
        """Whether the quorum would not bear that one more member is silent; a single member has none to lose."""
        return self.health.voters > 1 and self.health.tolerates < 1

    @property
    def refused(self) -> tuple[str, ...]:
        """Why nothing may be done now; empty where it may."""
        if not self.at_risk:
            return self.ill
        serving = sum(one.serves and not one.is_learner for one in self.health.members)
        counts = f"{serving} of {self.health.voters} voters serve, and {self.health.required} are a quorum"
        return (f"{counts}: none of them may be silent", *self.ill)

    def refused_beside(self, name: str) -> tuple[str, ...]:
        """Why nothing may be done to a member that is ill already; empty where all others are well and a quorum."""
        ill = [line for line in self.ill if not line.startswith(f"{name}: ")]
        others = [one for one in self.health.members if one.name != name]
        serving = sum(one.serves and not one.is_learner for one in others)
        if serving < self.health.required:
            ill.insert(0, f"besides {name} {serving} voters serve, and {self.health.required} are a quorum")
        elif not ill and not any(one.is_leader for one in self.statuses.values()):
            ill.append("no member leads: an election is under way")
        return tuple(ill)


def look_at_etcd(way: WayIn, *, aside: frozenset[AlarmKind] = _FULL) -> EtcdLook:
    """Look once.

    A full member (alarm NOSPACE) is not ill: it serves, and what mends it is done member by member too.

    Parameters
    ----------
    aside
        Alarms under which members do not count as ill.

    Raises
    ------
    EtcdError
        When an alarm is raised, and which could not be read.
    """
    health = way.read_health(limits=_LIMITS)
    raised = any(one.trouble is Trouble.ALARM for one in health.members)
    alarms = frozenset(one.alarm for one in list_alarms(way.endpoints, tls=way.tls)) if raised else frozenset()
    found = read_status(way.endpoints, tls=way.tls, limits=_LIMITS)
    ill = [f"{one.name}: {one.reason}" for one in health.members if not _is_well(one, alarms, aside)]
    ill += [f"{name}: {getattr(error, 'reason', error)}" for name, error in found.failed.items() if not ill]
    if not ill and not any(one.is_leader for one in found.ok.values()):
        ill.append("no member leads: an election is under way")
    return EtcdLook(health=health, statuses=found.ok, ill=tuple(ill), alarms=alarms)


def wait_until_well(
    way: WayIn, *, patience: Patience, all_vote: bool = False, aside: frozenset[AlarmKind] = _FULL
) -> EtcdLook:
    """Wait until no member is ill, and with ``all_vote`` none still learns.

    Parameters
    ----------
    aside
        Alarms under which members do not count as ill.

    Raises
    ------
    WaitTimeoutError
        At the deadline; ``seen`` says who is not well, and why.
    """
    name = way.cluster.name

    def look() -> EtcdLook | NotYet[EtcdLook]:
        found = look_at_etcd(way, aside=aside)
        learners = [one.name for one in found.health.members if one.is_learner and all_vote]
        reasons = [*found.ill, *(f"{one} does not vote" for one in learners)]
        return NotYet("; ".join(reasons)) if reasons else found

    hint = f"fleetkit etcd health {name} shows each member"
    return wait_until(look, what=f"all members of {name} to be well", patience=patience, hint=hint)


def _is_well(member: MemberHealth, alarms: frozenset[AlarmKind], aside: frozenset[AlarmKind]) -> bool:
    return member.healthy or (member.trouble is Trouble.ALARM and bool(alarms) and alarms <= aside)
