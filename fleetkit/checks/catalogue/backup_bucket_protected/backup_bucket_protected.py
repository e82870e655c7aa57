"""The bucket of backups is encrypted, versioned and locked."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.bucket_sides import judge_bucket
from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge each side of the bucket in which the last backup lies."""
    bucket = facts.backup_bucket
    if bucket is None:
        place = facts.backups.place
        reason = f"the last backup lies in the folder {place}" if place else "etcd was never backed up"
        yield failed("backups", f"{reason}: no bucket protects it", seen={"place": place})
        return
    yield from judge_bucket("backups", bucket)
