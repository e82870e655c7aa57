"""No subnet gives public addresses."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for subnets that give what starts in them a public address."""
    for one in facts.subnets:
        seen = {"zone": one.zone, "gives_public_address": one.gives_public_address}
        if one.gives_public_address:
            yield failed(
                one.resource, "it gives what starts in it a public address", resource_id=one.subnet_id, seen=seen
            )
        else:
            yield passed(one.resource, "it gives no public address", resource_id=one.subnet_id, seen=seen)
