"""How checks judge security groups by their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fleetkit.checks.facts import Facts, GroupFact, RuleFact, tell_rules
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge_rules", "list_worn_by"]


def judge_rules(
    groups: Iterable[GroupFact], is_wrong: Callable[[RuleFact], bool], *, good: str, bad: str
) -> Iterator[Judgement]:
    """Judge each group by whether it has a rule that is wrong.

    Parameters
    ----------
    good, bad
        Why a group passes, and what those rules do in one that fails.
    """
    for group in groups:
        wrong = [one for one in group.rules if is_wrong(one)]
        if wrong:
            told = tell_rules(wrong)
            reason = f"{bad}: {', '.join(told)}"
            yield failed(group.resource, reason, resource_id=group.group_id, seen={"rules": told})
        else:
            yield passed(group.resource, good, resource_id=group.group_id, seen={"rules": tell_rules(group.rules)})


def list_worn_by(facts: Facts, role: str) -> list[GroupFact]:
    """Return the groups that are made for a role, and whatever else its machines wear."""
    worn = {name for one in facts.machines if one.role == role for name in one.group_ids}
    return [one for one in facts.groups if one.role == role or one.group_id in worn]
