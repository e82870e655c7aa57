"""Nothing but the bastion has a public address."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at the addresses of workers and deploy hosts; those of masters are another check's."""
    # Where operators come over a VPN, a bastion is one that somebody left there.
    elsewhere = ("bastion", "master") if facts.cluster.has_bastion else ("master",)
    found = [one for one in facts.machines if one.role not in elsewhere]
    if facts.machines and not found:
        yield passed(facts.cluster.name, "there is no machine beside masters and bastion")
    for one in found:
        seen = {"public_address": one.public_address}
        if one.public_address:
            reason = f"it has the public address {one.public_address}"
            yield failed(one.resource, reason, resource_id=one.instance_id, seen=seen)
        else:
            yield passed(one.resource, "it has no public address", resource_id=one.instance_id, seen=seen)
