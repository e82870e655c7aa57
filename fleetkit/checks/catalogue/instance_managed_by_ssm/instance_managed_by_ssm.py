"""Machines are managed by SSM."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look which machines Systems Manager has heard of."""
    for one in facts.machines:
        if one.instance_id in facts.managed:
            yield passed(one.resource, "Systems Manager hears of its agent", resource_id=one.instance_id)
        else:
            yield failed(one.resource, "Systems Manager does not know it", resource_id=one.instance_id)
