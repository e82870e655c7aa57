"""No security group is unused."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for groups of the cluster that nothing wears; the one that the VPC began with is to be worn by nothing."""
    found = [one for one in facts.groups if one.group_id in facts.wearers and not one.is_default]
    for one in found:
        wearers = facts.wearers[one.group_id]
        seen = {"worn_by": list(wearers)}
        if wearers:
            yield passed(one.resource, "something wears it", resource_id=one.group_id, seen=seen)
        else:
            yield failed(one.resource, "nothing wears it", resource_id=one.group_id, seen=seen)
