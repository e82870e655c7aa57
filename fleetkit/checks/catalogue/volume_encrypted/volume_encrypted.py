"""Volumes are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at the volumes that machines have, whoever made them."""
    for one in facts.volumes:
        resource = f"{one.machine} {one.volume_id}"
        told, word = (passed, "it is encrypted") if one.encrypted else (failed, "it is not encrypted")
        yield told(resource, word, resource_id=one.volume_id, seen={"encrypted": one.encrypted})
