"""Size, fragmentation, fsync and leader changes are within bounds."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts, StrainFact
from fleetkit.checks.values import Judgement, failed, passed, unknown
from fleetkit.core import format_bytes

__all__ = ["judge"]

_MOST_OF_QUOTA, _LEAST_IN_USE, _SLOWEST_SYNC_S = 0.95, 0.5, 0.5
_LEAST_TO_MIND = 100 * 1024**2
_MOST_CHANGES, _WINDOW_S = 4, 15 * 60
"""The thresholds of etcd's mixin, held against what a member counted since it started."""


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge each member by what it measures of itself."""
    for one in facts.strain:
        if one.silence:
            yield unknown(one.name, f"it tells nothing: {one.silence}")
            continue
        seen = {
            "alarms": list(one.alarms),
            "db_size": one.db_size,
            "db_size_in_use": one.db_size_in_use,
            "quota": one.quota,
            "fsync_p99_s": one.fsync_p99_s,
            "leader_changes": one.leader_changes,
            "up_s": one.up_s,
        }
        amiss = [*_press_space(one), *_press_disk(one)]
        if amiss:
            yield failed(one.name, "; ".join(amiss), seen=seen)
        elif one.leader_changes >= _MOST_CHANGES and one.up_s is None:
            changes = f"it saw {one.leader_changes:.0f} leaders, and does not tell in what time"
            yield unknown(one.name, changes, seen=seen)
        elif one.quota <= 0:
            yield unknown(one.name, "it tells no quota that its size could be held against", seen=seen)
        else:
            yield passed(one.name, f"{format_bytes(int(one.db_size))} of {format_bytes(int(one.quota))}", seen=seen)


def _press_space(one: StrainFact) -> Iterator[str]:
    for alarm in one.alarms:
        yield f"the alarm {alarm} is raised"
    if one.quota > 0 and one.db_size > _MOST_OF_QUOTA * one.quota:
        yield f"{one.db_size / one.quota:.0%} of its quota are used"
    if one.db_size_in_use > _LEAST_TO_MIND and one.db_size_in_use < _LEAST_IN_USE * one.db_size:
        yield f"{one.db_size_in_use / one.db_size:.0%} of its file are in use"


def _press_disk(one: StrainFact) -> Iterator[str]:
    if one.fsync_p99_s is not None and one.fsync_p99_s > _SLOWEST_SYNC_S:
        yield f"one sync of its log in a hundred takes {one.fsync_p99_s:.2f} s or longer"
    # Since its start: a member that runs for weeks and changed leaders now and then is well.
    if one.up_s is None or one.leader_changes < _MOST_CHANGES:
        return
    if one.leader_changes * _WINDOW_S >= _MOST_CHANGES * one.up_s:
        yield f"it saw {one.leader_changes:.0f} leaders in {one.up_s / 60:.0f} minutes"
