"""Terraform's state is remote, encrypted, versioned and locked."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge where the state lies; one in a bucket by each side of that."""
    state, bucket = facts.state, facts.state.bucket
    if bucket is None:
        yield failed(state.resource, "it is a file of this computer, which nobody else has", seen={"bucket": None})
        return
    for side, is_good, good, bad in (
        ("encryption", bool(bucket.encryption), f"{bucket.encryption} encrypts it", "nothing encrypts it"),
        ("versioning", bucket.versioned, "old versions are kept", "no old version is kept"),
        ("public access", bucket.closed, "nothing of it can be made public", "it can be made public"),
    ):
        told = passed if is_good else failed
        seen = {
            "bucket": bucket.name,
            "encryption": bucket.encryption,
            "versioned": bucket.versioned,
            "closed": bucket.closed,
        }
        yield told(f"{state.resource}: {side}", good if is_good else bad, resource_id=bucket.name, seen=seen)
