"""Masters are private, and the quorum survives the loss of a zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed, unknown
from fleetkit.core import quorum_size

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at where masters stand: at their addresses one by one, and at their zones together."""
    masters = [one for one in facts.machines if one.role == "master"]
    for one in masters:
        seen = {"public_address": one.public_address}
        if one.public_address:
            reason = f"it has the public address {one.public_address}"
            yield failed(one.resource, reason, resource_id=one.instance_id, seen=seen)
        else:
            yield passed(one.resource, "it has no public address", resource_id=one.instance_id, seen=seen)
    if not masters:
        yield unknown(facts.cluster.name, "no master is there, so nobody can tell where they stand")
        return
    count = len(facts.cluster.masters)
    running = [one for one in masters if one.member and one.state == "running"]
    zones = Counter(one.zone for one in running)
    needed = quorum_size(count)
    fatal = (
        ["any"] if len(running) < needed else sorted(zone for zone, its in zones.items() if len(running) - its < needed)
    )
    if fatal:
        reason = f"the loss of {' or of '.join(fatal)} leaves fewer than {needed} of {count} members"
        yield failed(facts.cluster.name, reason, seen={"zones": dict(zones)})
    else:
        yield passed(facts.cluster.name, "the quorum survives the loss of any zone", seen={"zones": dict(zones)})
