"""Machines are managed by SSM."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look which machines Systems Manager has heard of."""
    for one in facts.machines:
        managed = one.instance_id in facts.managed
        told, word = (passed, "hears of its agent") if managed else (failed, "does not know it")
        yield told(one.resource, f"Systems Manager {word}", resource_id=one.instance_id, seen={"in_inventory": managed})
