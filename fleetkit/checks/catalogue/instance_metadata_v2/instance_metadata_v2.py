"""Instance metadata is IMDSv2 alone, with hop limit 1."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at how each machine's metadata service answers."""
    for one in facts.machines:
        seen = {"http_tokens": one.http_tokens, "hop_limit": one.hop_limit}
        if one.http_tokens != "required":
            yield failed(one.resource, "it answers without a token", resource_id=one.instance_id, seen=seen)
        elif one.hop_limit != 1:
            reason = f"its answers go {one.hop_limit} hops far"
            yield failed(one.resource, reason, resource_id=one.instance_id, seen=seen)
        else:
            reason = "it asks for a token, and its answers go one hop"
            yield passed(one.resource, reason, resource_id=one.instance_id, seen=seen)
