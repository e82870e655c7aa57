"""What if: what a cluster would lose with what is supposed to be gone. Arithmetic alone: nothing is read or shown.

It stands among the views because command, widget and notebook draw the same judgement, and because what it judges
comes from the cluster file as well as from an inspection, so that no single room below has it all.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from dataclasses import dataclass

from fleetkit.core import Quorum, QuorumState, judge_quorum
from fleetkit.views._what_if_stops import NO_QUORUM, certificate_stops, members_cut_off
from fleetkit.views.what_if_values import ClusterLayout, LaidMember, Supposition

__all__ = ["Consequences", "Effect", "Fate", "Part", "judge_supposition"]

_SSH = ("bastion", "operator", "vpn")


class Part(enum.StrEnum):
    """What of a cluster a loss can hit."""

    QUORUM = "quorum"
    POOL = "pool"
    LOAD_BALANCER = "load balancer"
    WAY_IN = "way in"
    EGRESS = "egress"
    CERTIFICATE = "certificate"
    RULE = "rule"


class Fate(enum.StrEnum):
    """What becomes of a part."""

    KEPT = "kept"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What becomes of one part.

    Attributes
    ----------
    part, name
        Which one.
    fate
        What becomes of it; what was lost before counts as lost.
    before, left
        How many it had and has: members, machines, targets, zones; None where that cannot be counted.
    says
        The same in words.
    """

    part: Part
    name: str
    fate: Fate
    says: str
    before: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a cluster would lose.

    Attributes
    ----------
    cluster, source
        Of which cluster, and where its layout was read.
    supposed
        What is supposed to be gone.
    quorum
        The quorum that is left; None where too little of the members is known.
    effects
        What becomes of each part.
    impossible
        What nobody can do without a quorum; empty while there is one.
    unknown
        What could not be read, one sentence each.
    """

    cluster: str
    source: str
    supposed: Supposition
    quorum: Quorum | None
    effects: tuple[Effect, ...]
    impossible: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[Effect, ...]:
        """The parts that would be lost."""
        return tuple(one for one in self.effects if one.fate is Fate.LOST)

    @property
    def outcome(self) -> str:
        """``failed`` when too little is known, ``findings`` when something is lost, ``done`` when all is borne."""
        if any(one.fate is Fate.UNKNOWN for one in self.effects):
            return "failed"
        return "findings" if self.lost else "done"

    @property
    def verdict(self) -> str:
        """One sentence."""
        lost = [one.name for one in self.lost]
        unknown = [one.name for one in self.effects if one.fate is Fate.UNKNOWN]
        told = [f"lost: {', '.join(lost)}"] if lost else []
        told += [f"unknown: {', '.join(unknown)}"] if unknown else []
        return "; ".join(told) or "the cluster bears it"


def judge_supposition(layout: ClusterLayout, supposed: Supposition) -> Consequences:
    """Say what a cluster would lose.

    Parameters
    ----------
    layout
        What the cluster is. A member that is not healthy counts as lost already, and one of which nothing is
        known as neither: the judgement is unknown where it hangs on that one.
    supposed
        What is gone.

    Raises
    ------
    NotFoundError
        When the cluster has no zone, member or rule of a name; lists those that it has.
    """
    supposed.require_known(layout)
    gone = {one.name for one in layout.members if one.zone in supposed.zones} | set(supposed.members)
    closed = {*supposed.rules, *(layout.closed or ())}
    expired = _expired(layout, supposed.on)
    quorum, effect = _judge_members(layout, supposed, gone, cut_off=members_cut_off(layout, expired, closed))
    return Consequences(
        cluster=layout.cluster,
        source=layout.source,
        supposed=supposed,
        quorum=quorum,
        effects=(
            effect,
            *_pools(layout, supposed),
            *_balancers(layout, supposed, gone, closed),
            _way_in(layout, supposed, closed),
            *_egress(layout, supposed),
            *_certificates(layout, supposed, expired),
            *_rules(layout, closed),
        ),
        impossible=NO_QUORUM if quorum is not None and quorum.state is QuorumState.LOST else (),
        unknown=layout.unknown,
    )


def _expired(layout: ClusterLayout, on: dt.date | None) -> dict[str, dt.datetime]:
    """Return the certificates whose validity ends before the day has passed, by their end."""
    if on is None or layout.certificates is None:
        return {}
    passed = dt.datetime.combine(on, dt.time(), tzinfo=dt.UTC) + dt.timedelta(days=1)
    return {name: end for name, end in sorted(layout.certificates.items(), key=lambda item: item[1]) if end < passed}


def _judge_members(
    layout: ClusterLayout, supposed: Supposition, gone: set[str], *, cut_off: frozenset[str]
) -> tuple[Quorum | None, Effect]:
    """Judge the quorum between the best and the worst that may be."""
    voters = [one for one in layout.members if not one.is_learner]
    before = sum(one.healthy is True for one in voters)
    if not voters:
        says = "no voting member is known"
        return None, Effect(part=Part.QUORUM, name="quorum", fate=Fate.UNKNOWN, says=says)
    standing = [one for one in voters if one.name not in gone and one.name not in cut_off and one.healthy is not False]
    unsure = [one for one in standing if one.healthy is None or (one.zone is None and supposed.zones)]
    counts = (len(standing), len(standing) - len(unsure))
    best, worst = (judge_quorum(voters=len(voters), healthy=count) for count in counts)
    lost = _name_lost(voters, standing)
    if best.state is QuorumState.LOST:
        fate, quorum = Fate.LOST, best
    elif worst.state is not QuorumState.LOST:
        fate, quorum = Fate.KEPT, worst
    else:
        names = ", ".join(one.name for one in unsure)
        says = f"hangs on {names}, of which too little is known"
        return None, Effect(part=Part.QUORUM, name="quorum", fate=Fate.UNKNOWN, says=says, before=before)
    more = f"{quorum.tolerates} more may fail" if fate is Fate.KEPT else "no write is possible"
    says = f"{quorum.healthy} of {quorum.voters} members left, {quorum.required} needed, {more}{lost}"
    return quorum, Effect(part=Part.QUORUM, name="quorum", fate=fate, says=says, before=before, left=quorum.healthy)


def _name_lost(voters: list[LaidMember], standing: list[LaidMember]) -> str:
    lost = [
        f"{one.name} (not healthy before)" if one.healthy is False else one.name
        for one in voters
        if one not in standing
    ]
    return f"; without {', '.join(lost)}" if lost else ""


def _pools(layout: ClusterLayout, supposed: Supposition) -> Iterator[Effect]:
    for pool in layout.pools:
        name = f"pool {pool.name}"
        if pool.machines is None:
            says = "its machines could not be read"
            yield Effect(part=Part.POOL, name=name, fate=Fate.UNKNOWN, says=says)
            continue
        before, left = pool.machines.total, pool.machines.left_without(supposed.zones)
        fate = Fate.LOST if left < pool.minimum or left == 0 < before else Fate.KEPT
        says = f"{left} of {before} machines left, {pool.minimum} is the minimum"
        if left < before:
            says += ", until its scaling group has replaced the others elsewhere"
        yield Effect(part=Part.POOL, name=name, fate=fate, says=says, before=before, left=left)


def _balancers(layout: ClusterLayout, supposed: Supposition, gone: set[str], closed: set[str]) -> Iterator[Effect]:
    for one in layout.balancers:
        if one.machines is None:
            says = "its targets could not be read"
            yield Effect(part=Part.LOAD_BALANCER, name=one.name, fate=Fate.UNKNOWN, says=says)
            continue
        before = one.machines.total + len(one.members)
        left = one.machines.left_without(supposed.zones) + len(set(one.members) - gone)
        if one.feeds in closed:
            left = 0
        says = f"{left} of {before} healthy targets left" if left else f"no healthy target left of {before}"
        fate = Fate.KEPT if left else Fate.LOST
        yield Effect(part=Part.LOAD_BALANCER, name=one.name, fate=fate, says=says, before=before, left=left)


def _way_in(layout: ClusterLayout, supposed: Supposition, closed: set[str]) -> Effect:
    way, name = layout.way_in, "way in"
    shut = [one.name for one in layout.flows if one.name in closed and one.port == "ssh" and one.source in _SSH]
    shut = [one for one in shut if one.endswith(("-to-bastion", "-to-master"))]
    if shut:
        fate, says = Fate.LOST, f"SSH is shut out: no rule {', '.join(shut)}"
    elif way.zone == "":
        fate, says = Fate.KEPT, "a VPN of yours, which stands in none of the zones"
    elif way.running is False:
        fate, says = Fate.LOST, "no bastion runs, already before"
    elif way.running is None or way.zone is None:
        fate, says = Fate.UNKNOWN, "the bastion could not be read"
    elif way.zone in supposed.zones:
        fate, says = Fate.LOST, f"the bastion stands in {way.zone}: nobody reaches a machine, etcd or fleet"
    else:
        fate, says = Fate.KEPT, f"the bastion stands in {way.zone}"
    return Effect(part=Part.WAY_IN, name=name, fate=fate, says=says)


def _egress(layout: ClusterLayout, supposed: Supposition) -> Iterator[Effect]:
    staying = [zone for zone in layout.zones if zone not in supposed.zones]
    if layout.egress is None:
        if supposed.zones and staying:
            says = "the routes of a network that the cluster file does not make were not read"
            yield Effect(part=Part.EGRESS, name="egress", fate=Fate.UNKNOWN, says=says)
        return
    served = [zone for zone in staying if layout.egress.get(zone) and layout.egress[zone] not in supposed.zones]
    cut = [zone for zone in staying if zone not in served]
    says = "machines in every zone that is left reach the internet"
    if cut:
        says = (
            f"machines in {', '.join(cut)} have no NAT gateway left: no images, no updates; the bucket stays in reach"
        )
    yield Effect(
        part=Part.EGRESS,
        name="egress",
        fate=Fate.LOST if cut else Fate.KEPT,
        says=says,
        before=sum(bool(gateway) for gateway in layout.egress.values()),
        left=len(served),
    )


def _certificates(layout: ClusterLayout, supposed: Supposition, expired: dict[str, dt.datetime]) -> Iterator[Effect]:
    if supposed.on is not None and layout.certificates is None:
        says = "their dates could not be read"
        yield Effect(part=Part.CERTIFICATE, name="certificates", fate=Fate.UNKNOWN, says=says)
    for name, end in expired.items():
        says = f"runs out on {end:%Y-%m-%d}: {certificate_stops(name)}"
        yield Effect(part=Part.CERTIFICATE, name=f"certificate {name}", fate=Fate.LOST, says=says)


def _rules(layout: ClusterLayout, closed: set[str]) -> Iterator[Effect]:
    if layout.closed is None:
        says = "which of them are there could not be read"
        yield Effect(part=Part.RULE, name="rules", fate=Fate.UNKNOWN, says=says)
    for flow in layout.flows:
        if flow.name in closed:
            already = " (missing already)" if flow.name in (layout.closed or ()) else ""
            says = f"stops: {flow.why}, from {flow.source} to {flow.target}{already}"
            yield Effect(part=Part.RULE, name=f"rule {flow.name}", fate=Fate.LOST, says=says)
