"""Masters are protected against termination."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at each master that is there."""
    for member in sorted(facts.cluster.masters.keys() - facts.protection.keys()):
        yield unknown(member, "its machine is not there")
    for member, is_protected in sorted(facts.protection.items()):
        seen = {"protected": is_protected}
        if is_protected:
            yield passed(member, "it is protected", seen=seen)
        else:
            yield failed(member, "anybody who may end machines may end it", seen=seen)
