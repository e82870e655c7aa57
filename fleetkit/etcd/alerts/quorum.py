"""Alerts of the quorum: members that are down, too few of them, no leader, and leaders that change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from fleetkit.etcd.alerts._window import Window
from fleetkit.etcd.alerts.rules import Comparison, Reading, Rule, Severity
from fleetkit.etcd.metric_values import MemberMetrics

__all__ = ["RULES"]

_CLUSTER = "the cluster"
_MOST_SEND_FAILURES = 0.01
"""Messages to one peer each second that may fail, over all members."""

_LEADER_CHANGES = 4


def _members_down(window: Window) -> list[Reading]:
    now = window.now
    failing: dict[str, float] = defaultdict(float)
    seen_twice = False
    for name in now.members:
        for peer in {peer for _, metrics in window.points(name) for peer in metrics.send_failures}:
            failing[peer] += window.rate(name, _failures_to(peer)) or 0.0
        seen_twice = seen_twice or len(window.points(name)) > 1
    names = {one.member_id: name for look in window.scrapes for name, one in look.members.items()}
    unreached = {names.get(peer, peer) for peer, rate in failing.items() if rate > _MOST_SEND_FAILURES}
    value = float(max(len(now.down), len(unreached)))
    too_short = ""
    if not value and now.unasked:
        too_short = f"{', '.join(now.unasked)}: {next(iter(now.unasked.values()))}"
    elif not value and not seen_twice:
        too_short = "whether peers reach each other takes two looks"
    # A member that was never seen to answer is known by its id alone, and by its name among those that are down.
    who = tuple(sorted({*now.down, *unreached.intersection(names.values())} or unreached))
    return [Reading(subject=_CLUSTER, value=value, who=who, too_short=too_short)]


def _failures_to(peer: str) -> Callable[[MemberMetrics], float]:
    return lambda metrics: metrics.send_failures.get(peer, 0.0)


def _members_up(window: Window) -> list[Reading]:
    now = window.now
    needed = (len(now.names) + 1) / 2
    up, perhaps = len(now.members), len(now.members) + len(now.unasked)
    too_short = ""
    if up < needed <= perhaps:
        too_short = f"{', '.join(now.unasked)}: {next(iter(now.unasked.values()))}"
    who = tuple(sorted(now.down))
    return [Reading(subject=_CLUSTER, value=float(up), threshold=needed, who=who, too_short=too_short)]


def _has_leader(window: Window) -> list[Reading]:
    return [Reading(subject=name, value=float(one.has_leader)) for name, one in window.now.members.items()]


def _leader_changes(window: Window) -> list[Reading]:
    """Count by member, and take the most: over a maximum of all, a restart would count what was counted before."""
    rises = {name: window.increase(name, lambda metrics: metrics.leader_changes) for name in window.now.members}
    if not rises:
        return []
    name = max(rises, key=lambda one: rises[one] or 0.0)
    value = rises[name]
    # Enough is enough, however short the time; that there were not enough takes the whole of it.
    too_short = "" if (value or 0.0) >= _LEADER_CHANGES else window.too_short(name)
    return [Reading(subject=_CLUSTER, value=value, who=(name,), too_short=too_short)]


RULES = (
    Rule(
        name="etcdMembersDown", severity=Severity.WARNING, measure=_members_down,
        comparison=Comparison.ABOVE, threshold=0, unit="members", window_s=120, hold_s=20 * 60,
        hint="fleetkit etcd health says why",
    ),
    Rule(
        name="etcdInsufficientMembers", severity=Severity.CRITICAL, measure=_members_up,
        # More than half of them; how many that is, the measure tells.
        comparison=Comparison.BELOW, threshold=1, unit="members", window_s=0, hold_s=3 * 60,
        hint="fleetkit etcd health says why",
    ),
    Rule(
        name="etcdNoLeader", severity=Severity.CRITICAL, measure=_has_leader,
        comparison=Comparison.BELOW, threshold=1, unit="leader", window_s=0, hold_s=60,
        hint="fleetkit etcd health says who is missing",
    ),
    Rule(
        name="etcdHighNumberOfLeaderChanges", severity=Severity.WARNING, measure=_leader_changes,
        comparison=Comparison.AT_LEAST, threshold=_LEADER_CHANGES, unit="changes", window_s=15 * 60, hold_s=5 * 60,
        hint="fleetkit etcd tune compares the intervals with the round trips",
    ),
)  # fmt: skip
"""The rules of this file, in the mixin's order."""
