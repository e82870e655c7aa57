"""etcd's legacy ports 4001 and 7001 are closed."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.group_rules import judge_rules, list_worn_by
from fleetkit.checks.values import Judgement

__all__ = ["judge"]

_LEGACY = (4001, 7001)


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look, in what masters wear, for rules that let anybody in on the legacy ports."""
    yield from judge_rules(
        list_worn_by(facts, "master"),
        lambda rule: rule.lets_in_on(*_LEGACY),
        good="nobody is let in on 4001 and 7001",
        bad="it lets in on etcd's legacy ports",
    )
