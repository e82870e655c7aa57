"""No load balancer is without a healthy target."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for a healthy target in each target group."""
    for one in facts.target_groups:
        seen = {"targets": dict(one.states)}
        if one.healthy:
            yield passed(one.resource, f"{one.healthy} of its targets are healthy", resource_id=one.arn, seen=seen)
        else:
            states = ", ".join(f"{count} {state}" for state, count in sorted(one.states.items()))
            yield failed(
                one.resource, f"no target is healthy: {states or 'none is there'}", resource_id=one.arn, seen=seen
            )
