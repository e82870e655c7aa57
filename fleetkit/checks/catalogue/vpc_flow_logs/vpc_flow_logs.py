"""Flow logs are on."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_ON = "ACTIVE"


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for a flow log of the VPC that is active."""
    seen = {"flow_logs": dict(facts.flow_logs)}
    if _ON in facts.flow_logs.values():
        yield passed("vpc", "a flow log is active", seen=seen)
    elif facts.flow_logs:
        states = ", ".join(f"{name} is {state}" for name, state in sorted(facts.flow_logs.items()))
        yield failed("vpc", f"no flow log is active: {states}", seen=seen)
    else:
        yield failed("vpc", "it has no flow log", seen=seen)
