"""Machines are managed by SSM."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look which machines Systems Manager hears of."""
    for one in facts.machines:
        managed = one.instance_id in facts.managed
        told, word = (passed, "hears of its agent") if managed else (failed, "hears nothing of it")
        yield told(one.resource, f"Systems Manager {word}", resource_id=one.instance_id, seen={"heard_of": managed})
