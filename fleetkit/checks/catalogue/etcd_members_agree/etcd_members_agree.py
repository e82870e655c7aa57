"""Members agree on version, cluster id and member list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fleetkit.checks.facts import Facts, MemberFact
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Hold each member against what most of them say, and the list against the cluster file."""
    speaking = [one for one in facts.members if not one.silence]
    for one in facts.members:
        if one.silence:
            yield unknown(one.name, f"it tells nothing: {one.silence}")
    if not speaking:
        return
    common = {what: _most_common(speaking, what) for what in ("version", "cluster_id")}
    for one in speaking:
        seen = {"version": one.version, "cluster_id": one.cluster_id, "listed": [member.id for member in one.listed]}
        odd = [
            f"its {what.replace('_', ' ')} is {getattr(one, what)}, and that of others {usual}"
            for what, usual in common.items()
            if getattr(one, what) != usual
        ]
        odd += _hold_list(one, facts)
        if odd:
            yield failed(one.name, "; ".join(odd), resource_id=one.member_id, seen=seen)
        else:
            yield passed(one.name, "it says what the others say", resource_id=one.member_id, seen=seen)


def _most_common(members: list[MemberFact], what: str) -> str:
    return Counter(str(getattr(one, what)) for one in members).most_common(1)[0][0]


def _hold_list(one: MemberFact, facts: Facts) -> list[str]:
    listed = {member.name or f"one that was never started ({member.id})" for member in one.listed}
    wanted = facts.cluster.masters.keys()
    odd = [f"it lists {name}, which the cluster file does not have" for name in sorted(listed - wanted)]
    return odd + [f"it does not list {name}" for name in sorted(wanted - listed)]
