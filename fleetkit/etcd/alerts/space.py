"""Alerts of the database: near its quota, growing towards it, and mostly empty inside."""

from __future__ import annotations

from fleetkit.etcd.alerts._window import Window
from fleetkit.etcd.alerts.rules import Comparison, Reading, Rule, Severity

__all__ = ["RULES"]

_LEAST_TO_MIND = 100 * 1024**2
"""Bytes in use below which fragmentation is not worth a word."""

_AHEAD_S = 4 * 3600.0


def _used_share(window: Window) -> list[Reading]:
    return [
        Reading(subject=name, value=100 * one.db_size / one.quota)
        for name, one in window.now.members.items()
        if one.quota > 0
    ]


def _predicted_size(window: Window) -> list[Reading]:
    return [
        Reading(
            subject=name,
            value=window.predict(name, lambda metrics: metrics.db_size, ahead_s=_AHEAD_S),
            threshold=one.quota,
            # A line through seconds says nothing of hours, so it takes the whole window, unlike Prometheus's.
            too_short=window.too_short(name),
        )
        for name, one in window.now.members.items()
        if one.quota > 0
    ]


def _share_in_use(window: Window) -> list[Reading]:
    return [
        Reading(subject=name, value=one.db_size_in_use / one.db_size)
        if one.db_size_in_use > _LEAST_TO_MIND
        else Reading(subject=name, value=None, nothing="100 MiB or less are in use")
        for name, one in window.now.members.items()
        if one.db_size > 0
    ]


RULES = (
    Rule(
        name="etcdDatabaseQuotaLowSpace", severity=Severity.CRITICAL, measure=_used_share,
        comparison=Comparison.ABOVE, threshold=95, unit="%", window_s=0, hold_s=10 * 60,
        hint="fleetkit etcd defragment --compact, or raise the quota: fleetkit etcd tune says which",
    ),
    Rule(
        name="etcdExcessiveDatabaseGrowth", severity=Severity.WARNING, measure=_predicted_size,
        # etcd's own quota where none is set; the measure tells the member's.
        comparison=Comparison.ABOVE, threshold=2 * 1024**3, unit="bytes", window_s=4 * 3600, hold_s=10 * 60,
        hint="find who writes so much; fleetkit etcd tune judges the quota",
    ),
    Rule(
        name="etcdDatabaseHighFragmentationRatio", severity=Severity.WARNING, measure=_share_in_use,
        comparison=Comparison.BELOW, threshold=0.5, unit="in use", window_s=0, hold_s=10 * 60,
        hint="fleetkit etcd defragment: one by one, the leader last",
    ),
)  # fmt: skip
"""The rules of this file, in the mixin's order."""
