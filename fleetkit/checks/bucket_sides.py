"""How a bucket is protected, side by side, for the checks of what lies in one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fleetkit.checks.facts import BucketFact
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge_bucket"]


def judge_bucket(resource: str, bucket: BucketFact, *, without: Collection[str] = ()) -> Iterator[Judgement]:
    """Judge each side of a bucket: encryption, versioning, object lock and public access.

    Parameters
    ----------
    resource
        What lies in it; each judgement's resource begins with that.
    without
        The sides that are not demanded.
    """
    seen = {
        "bucket": bucket.name,
        "encryption": bucket.encryption,
        "versioned": bucket.versioned,
        "locked": bucket.locked,
        "closed": bucket.closed,
    }
    for side, is_good, good, bad in (
        ("encryption", bool(bucket.encryption), f"{bucket.encryption} encrypts it", "nothing encrypts it"),
        ("versioning", bucket.versioned, "old versions are kept", "no old version is kept"),
        ("object lock", bucket.locked, "what is locked cannot be deleted", "whoever may write may delete"),
        ("public access", bucket.closed, "nothing of it can be made public", "it can be made public"),
    ):
        if side not in without:
            told = passed if is_good else failed
            yield told(f"{resource}: {side}", good if is_good else bad, resource_id=bucket.name, seen=seen)
