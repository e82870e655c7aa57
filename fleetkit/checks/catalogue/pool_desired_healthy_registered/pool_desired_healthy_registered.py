"""Each pool's desired machines are healthy behind their load balancer and registered in fleet."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts, PoolFact
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Count each pool's machines as its scaling group wants them, fleet knows them and load balancers trust them."""
    for name in sorted(facts.cluster.pools.keys() - {one.resource for one in facts.pools}):
        yield unknown(name, "its scaling group is not there")
    for pool in facts.pools:
        counts = _count(facts, pool)
        told = ", ".join(f"{count} {how}" for how, count in counts.items())
        if all(count == pool.desired for count in counts.values()):
            yield passed(pool.resource, f"{told}, as desired", resource_id=pool.group_name, seen=counts)
        else:
            reason = f"{told}, of {pool.desired} desired"
            yield failed(pool.resource, reason, resource_id=pool.group_name, seen={**counts, "desired": pool.desired})


def _count(facts: Facts, pool: PoolFact) -> dict[str, int]:
    its = set(pool.instance_ids)
    addresses = {one.private_address for one in facts.machines if one.instance_id in its}
    counts = {"in service": pool.in_service, "in fleet": len(addresses & facts.registered)}
    # Those that it is to be in, and those that somebody put its machines into.
    behind = [one for one in facts.target_groups if one.arn in pool.target_groups or its & one.target_ids]
    if not behind:
        return {**counts, "behind a load balancer": 0}
    return {**counts, **{f"healthy for {one.resource}": len(its & one.healthy_ids) for one in behind}}
