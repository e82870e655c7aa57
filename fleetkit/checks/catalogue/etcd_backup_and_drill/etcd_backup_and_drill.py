"""The newest backup is young enough, and the last restore drill passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fleetkit.checks.facts import BackupFact, Facts
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]

_OLDEST_BACKUP = dt.timedelta(hours=24)
_OLDEST_DRILL = dt.timedelta(days=30)


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge the newest backup by its age, and the last trial of restoring one by what came of it."""
    backups, now = facts.backups, facts.cluster.now
    seen = {
        "place": backups.place,
        "newest": None if backups.newest is None else backups.newest.isoformat(),
        "drilled": None if backups.drilled is None else backups.drilled.isoformat(),
    }
    if backups.newest is None:
        reason = f"none lies in {backups.place} any more" if backups.place else "etcd was never backed up"
        yield failed("newest backup", reason, seen=seen)
    elif now - backups.newest > _OLDEST_BACKUP:
        yield failed("newest backup", f"it is {_tell(now - backups.newest)} old: that is what would be lost", seen=seen)
    else:
        yield passed("newest backup", f"it is {_tell(now - backups.newest)} old", seen=seen)
    yield _judge_drill(backups, now)


def _judge_drill(backups: BackupFact, now: dt.datetime) -> Judgement:
    seen = {"findings": list(backups.drill_findings)}
    if backups.unread:
        return unknown("restore drill", backups.unread, seen=seen)
    if backups.drilled is None:
        return failed("restore drill", "no backup was ever restored for a trial", seen=seen)
    if backups.drill_findings:
        return failed("restore drill", f"the last one found: {'; '.join(backups.drill_findings)}", seen=seen)
    if now - backups.drilled > _OLDEST_DRILL:
        return failed("restore drill", f"the last one was {_tell(now - backups.drilled)} ago", seen=seen)
    return passed("restore drill", "the last one found nothing that differs", seen=seen)


def _tell(age: dt.timedelta) -> str:
    return f"{age.days} days" if age >= dt.timedelta(days=2) else f"{age.total_seconds() / 3600:.0f} hours"
