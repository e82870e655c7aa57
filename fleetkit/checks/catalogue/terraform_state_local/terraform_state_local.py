"""Terraform's state is remote, encrypted, versioned and locked."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.bucket_sides import judge_bucket
from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge where the state lies; one in a bucket by each side of that."""
    state, bucket = facts.state, facts.state.bucket
    if bucket is None:
        yield failed(state.resource, "it is a file of this computer, which nobody else has", seen={"bucket": None})
        return
    # Who writes holds Terraform's own lock, always; an object lock of the bucket is not asked for.
    yield from judge_bucket(state.resource, bucket, without=["object lock"])
