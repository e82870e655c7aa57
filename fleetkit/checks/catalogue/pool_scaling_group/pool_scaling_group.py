"""Scaling groups have launch templates, several zones and the load balancer's health check."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at three sides of each pool, each a resource of its own, so that one can be waived."""
    for name in sorted(facts.cluster.pools.keys() - {one.resource for one in facts.pools}):
        yield unknown(name, "its scaling group is not there")
    for one in facts.pools:
        sides = (
            ("launch template", one.has_template, "a launch template makes its machines", "it has no launch template"),
            (
                "zones",
                len(one.zones) > 1,
                "it has several zones",
                f"it is in {', '.join(one.zones) or 'no zone'} alone",
            ),
            (
                "health check",
                "ELB" in one.health_check.split(","),
                "its load balancer is asked",
                "its load balancer is not asked",
            ),
        )
        seen = {"zones": list(one.zones), "health_check": one.health_check, "has_template": one.has_template}
        for side, is_good, good, bad in sides:
            resource = f"{one.resource}: {side}"
            if is_good:
                yield passed(resource, good, resource_id=one.group_name, seen=seen)
            else:
                yield failed(resource, bad, resource_id=one.group_name, seen=seen)
