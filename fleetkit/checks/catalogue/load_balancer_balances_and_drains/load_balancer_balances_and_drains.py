"""Load balancers balance across zones and drain."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at each load balancer for zones, and at each of its target groups for draining and for zones of its own."""
    for one in facts.balancers:
        crosses = facts.balancer_settings[one.arn].cross_zone
        told, where = (passed, "every zone") if crosses else (failed, "its own zone alone")
        yield told(one.resource, f"it sends to targets of {where}", resource_id=one.arn, seen={"cross_zone": crosses})
    for group in facts.target_groups:
        resource = f"targets of {group.resource}"
        seen = {"draining_s": group.draining_s, "cross_zone": group.cross_zone}
        amiss = [] if group.draining_s > 0 else ["they are cut off when they leave"]
        # What a target group has of its own goes before what its load balancer has.
        amiss += ["they are sent what comes into their own zone alone"] if group.cross_zone is False else []
        if amiss:
            yield failed(resource, "; ".join(amiss), resource_id=group.arn, seen=seen)
        else:
            yield passed(resource, f"they have {group.draining_s} s to end", resource_id=group.arn, seen=seen)
