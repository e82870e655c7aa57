"""The default security group lets nothing through."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts, tell_rules
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for any rule, in or out, of the group that the VPC began with."""
    found = [one for one in facts.groups if one.is_default]
    if not found:
        yield unknown(facts.cluster.name, "AWS shows no default security group of the VPC, and each has one")
    for one in found:
        told = tell_rules(one.rules)
        if told:
            yield failed(
                one.resource, f"it has rules: {', '.join(told)}", resource_id=one.group_id, seen={"rules": told}
            )
        else:
            yield passed(one.resource, "it has no rule", resource_id=one.group_id, seen={"rules": []})
