"""Load balancers of FleetUI, etcd-browser and the internal web do not face the internet."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts, tell_rules
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_PUBLIC = "public-web"


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at where load balancers are reached from, and at who is let in to those inside."""
    groups = {one.group_id: one for one in facts.groups}
    inner = [one for one in facts.balancers if one.resource != _PUBLIC]
    for one in inner:
        wide = [rule for name in one.group_ids if name in groups for rule in groups[name].rules if rule.lets_world_in]
        seen = {"faces_internet": one.faces_internet, "open_rules": tell_rules(wide)}
        if one.faces_internet:
            yield failed(one.resource, "it has public addresses", resource_id=one.arn, seen=seen)
        elif wide:
            reason = f"it lets everybody in: {', '.join(tell_rules(wide))}"
            yield failed(one.resource, reason, resource_id=one.arn, seen=seen)
        else:
            yield passed(one.resource, "it is reached from inside alone", resource_id=one.arn, seen=seen)
