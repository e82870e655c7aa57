"""The range of published ports is not open to the world."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.group_rules import judge_rules
from fleetkit.checks.values import Judgement

__all__ = ["judge"]

_FIRST, _LAST = 32768, 61000


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for rules that let everybody in on ports of that range; what is open on all ports is another check's."""
    yield from judge_rules(
        facts.groups,
        lambda rule: (
            rule.lets_world_in
            and rule.protocol in ("tcp", "udp")
            and rule.first <= _LAST
            and rule.last >= _FIRST
            and not rule.is_for_all_ports
        ),
        good=f"no rule lets everybody in on ports from {_FIRST} to {_LAST}",
        bad="it lets everybody in on ports at which containers are published",
    )
