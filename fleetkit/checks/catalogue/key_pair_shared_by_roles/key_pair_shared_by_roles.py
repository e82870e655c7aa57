"""No key pair opens machines of several roles."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at which roles each key pair opens."""
    roles: dict[str, set[str]] = {}
    for one in facts.machines:
        if one.key_name:
            roles.setdefault(one.key_name, set()).add(one.role)
    if facts.machines and not roles:
        yield passed(facts.cluster.name, "no machine was started with a key pair")
    for key, its in sorted(roles.items()):
        seen = {"roles": sorted(its)}
        if len(its) > 1:
            yield failed(key, f"it opens machines of {', '.join(sorted(its))}", seen=seen)
        else:
            yield passed(key, "it opens machines of one role", seen=seen)
