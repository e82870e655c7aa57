"""The bucket of backups is encrypted, versioned and locked."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge each side of the bucket in which the last backup lies."""
    bucket = facts.backup_bucket
    if bucket is None:
        place = facts.backups.place
        reason = f"the last backup lies in the folder {place}" if place else "etcd was never backed up"
        yield failed("backups", f"{reason}: no bucket protects it", seen={"place": place})
        return
    for side, is_good, good, bad in (
        ("encryption", bool(bucket.encryption), f"{bucket.encryption} encrypts it", "nothing encrypts it"),
        ("versioning", bucket.versioned, "old versions are kept", "no old version is kept"),
        ("object lock", bucket.locked, "what is locked cannot be deleted", "whoever may write may delete"),
        ("public access", bucket.closed, "nothing of it can be made public", "it can be made public"),
    ):
        told = passed if is_good else failed
        seen = {
            "encryption": bucket.encryption,
            "versioned": bucket.versioned,
            "locked": bucket.locked,
            "closed": bucket.closed,
        }
        yield told(f"backups: {side}", good if is_good else bad, resource_id=bucket.name, seen=seen)
