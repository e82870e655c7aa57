"""SSH is not open to the world."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.group_rules import judge_rules
from fleetkit.checks.values import Judgement

__all__ = ["judge"]

_SSH = (22, 2222)


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for rules that let everybody in by SSH; what is open on all ports is another check's."""
    yield from judge_rules(
        facts.groups,
        lambda rule: rule.lets_world_in and rule.lets_in_on(*_SSH) and not rule.is_for_all_ports,
        good="no rule lets everybody in by SSH",
        bad="it lets everybody in by SSH",
    )
