"""Network ACLs do not let everything through."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look, in the ACLs of the cluster's subnets, for entries that let everything through."""
    for one in facts.acls:
        seen = {"open_entries": list(one.open_entries), "subnets": list(one.subnet_ids)}
        if one.open_entries:
            reason = f"it lets everything through: {', '.join(one.open_entries)}"
            yield failed(one.acl_id, reason, resource_id=one.acl_id, seen=seen)
        else:
            yield passed(one.acl_id, "no entry lets everything through", resource_id=one.acl_id, seen=seen)
