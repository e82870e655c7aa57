"""Alerts of the disk: syncing the write-ahead log and committing the backend take too long."""

from __future__ import annotations

from fleetkit.etcd.alerts._quantiles import read_quantiles
from fleetkit.etcd.alerts._window import Window
from fleetkit.etcd.alerts.rules import Comparison, Reading, Rule, Severity

__all__ = ["RULES"]


def _fsync(window: Window) -> list[Reading]:
    return read_quantiles(window, lambda metrics: {"": metrics.fsync_seconds}, names=window.now.members)


def _commit(window: Window) -> list[Reading]:
    return read_quantiles(window, lambda metrics: {"": metrics.commit_seconds}, names=window.now.members)


RULES = (
    Rule(
        name="etcdHighFsyncDurations", severity=Severity.WARNING, measure=_fsync,
        comparison=Comparison.ABOVE, threshold=0.5, unit="s", window_s=5 * 60, hold_s=10 * 60,
        hint="fleetkit etcd tune judges the disks",
    ),
    Rule(
        name="etcdHighFsyncDurations", severity=Severity.CRITICAL, measure=_fsync,
        comparison=Comparison.ABOVE, threshold=1, unit="s", window_s=5 * 60, hold_s=10 * 60,
        hint="fleetkit etcd tune judges the disks",
    ),
    Rule(
        name="etcdHighCommitDurations", severity=Severity.WARNING, measure=_commit,
        comparison=Comparison.ABOVE, threshold=0.25, unit="s", window_s=5 * 60, hold_s=10 * 60,
        hint="fleetkit etcd tune judges the disks",
    ),
)  # fmt: skip
"""The rules of this file, in the mixin's order."""
