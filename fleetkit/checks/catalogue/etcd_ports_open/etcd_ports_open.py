"""etcd's ports answer masters and their clients alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fleetkit.checks.facts import Facts, RuleFact
from fleetkit.checks.group_rules import judge_rules, list_worn_by
from fleetkit.checks.values import Judgement

__all__ = ["judge"]

_CLIENT, _PEER = 2379, 2380
_CLIENT_ROLES = frozenset({"master", "internal", "public", "deploy", "bastion"})


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look, in what masters wear, for rules that let others in than members and the clients that fleet has."""
    members = {one.group_id for one in facts.groups if one.role == "master"}
    clients = {one.group_id for one in facts.groups if one.role in _CLIENT_ROLES}
    if facts.cluster.vpn_cidr:
        clients.add(facts.cluster.vpn_cidr)
    yield from judge_rules(
        list_worn_by(facts, "master"),
        lambda rule: _lets_others_in(rule, _CLIENT, clients) or _lets_others_in(rule, _PEER, members),
        good="members and clients of the cluster alone are let in",
        bad="it lets others in to etcd",
    )


def _lets_others_in(rule: RuleFact, port: int, known: Collection[str]) -> bool:
    return rule.lets_in_on(port) and rule.peer not in known
