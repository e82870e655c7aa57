"""No security group is open to the world on all ports."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.group_rules import judge_rules
from fleetkit.checks.values import Judgement

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for rules that let everybody in on every port."""
    yield from judge_rules(
        facts.groups,
        lambda rule: rule.lets_world_in and rule.is_for_all_ports,
        good="no rule lets everybody in on all ports",
        bad="it lets everybody in on all ports",
    )
