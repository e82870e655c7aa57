"""A rule that somebody added to a group of the cluster is found, whatever the state thinks of the group."""

from __future__ import annotations

from typing import Any

import pytest

from fleetkit.aws import Part, PartKind
from fleetkit.terraform import Action, ResourceChange, StateResource
from fleetkit.workflows._foreign_rules import ForeignRule, find_foreign_rules

ADDRESS = 'module.security.aws_security_group.this["master"]'
OWN: dict[str, Any] = {"type": "ingress", "protocol": "tcp", "from_port": 2379, "to_port": 2379, "self": True}


def rule(*key: str, group: str = "sg-1") -> Part:
    return Part(kind=PartKind.RULE, key=(group, *key), part_id="sgr-1")


def state_of(*rules: dict[str, Any]) -> tuple[StateResource, ...]:
    group = StateResource(address=ADDRESS, module="", type="aws_security_group", name="this", resource_id="sg-1")
    return (
        group,
        *(
            StateResource(
                address=f'aws_security_group_rule.in["{number}"]',
                module="",
                type="aws_security_group_rule",
                name="in",
                attributes={"security_group_id": "sg-1", **one},
            )
            for number, one in enumerate(rules)
        ),
    )


def change(kind: str, action: Action, **more: Any) -> ResourceChange:
    return ResourceChange(address=f"{kind}.this", module="", type=kind, name="this", action=action, **more)


ADDED = rule("ingress", "tcp", "4001", "4001", "0.0.0.0/0")


def test_a_rule_that_neither_state_nor_plan_has_is_found_with_the_group_that_it_is_in() -> None:
    assert find_foreign_rules([ADDED], state=state_of(OWN)) == (ForeignRule(rule=ADDED, group=ADDRESS),)


@pytest.mark.parametrize(
    ("own", "listed"),
    [
        (OWN, rule("ingress", "tcp", "2379", "2379", "self")),
        ({**OWN, "self": False, "cidr_blocks": ["10.0.0.0/8"]}, rule("ingress", "tcp", "2379", "2379", "10.0.0.0/8")),
        ({**OWN, "self": None, "source_security_group_id": "sg-2"}, rule("ingress", "tcp", "2379", "2379", "sg-2")),
        ({**OWN, "type": "egress"}, rule("egress", "tcp", "2379", "2379", "self")),
    ],
    ids=["self", "network", "group", "outward"],
)
def test_a_rule_of_the_cluster_s_own_is_not(own: dict[str, Any], listed: Part) -> None:
    assert find_foreign_rules([listed], state=state_of(own)) == ()


@pytest.mark.parametrize(
    "listed",
    [
        rule("ingress", "tcp", "2379", "2380", "self"),
        rule("ingress", "udp", "2379", "2379", "self"),
        rule("egress", "tcp", "2379", "2379", "self"),
        rule("ingress", "tcp", "2379", "2379", "0.0.0.0/0"),
        rule("ingress", "-1", "-1", "-1", "self"),
    ],
    ids=lambda part: " ".join(part.key[1:]),
)
def test_a_rule_that_differs_from_the_cluster_s_own_in_anything_is_found(listed: Part) -> None:
    assert [one.rule for one in find_foreign_rules([listed], state=state_of(OWN))] == [listed]


def test_a_rule_that_the_plan_is_about_to_make_is_wanted() -> None:
    wanted = {**OWN, "security_group_id": "sg-1", "self": None, "cidr_blocks": ["0.0.0.0/0"]}
    wanted |= {"from_port": 4001, "to_port": 4001}
    create = change("aws_security_group_rule", Action.CREATE, after=wanted)
    assert find_foreign_rules([ADDED], state=state_of(OWN), changes=[create]) == ()


def test_other_groups_and_those_that_the_plan_removes_are_left_alone() -> None:
    assert find_foreign_rules([rule("ingress", "tcp", "1", "1", "self", group="sg-9")], state=state_of()) == ()
    remove = change("aws_security_group", Action.DELETE, before={"id": "sg-1"})
    assert find_foreign_rules([ADDED], state=state_of(OWN), changes=[remove]) == ()


def test_words_tell_what_a_rule_lets_through_and_that_the_world_is_let_in() -> None:
    told = ForeignRule(rule=ADDED, group=ADDRESS)
    assert told.words == "ingress tcp 4001 from 0.0.0.0/0"
    assert told.reason == f"the cluster has no such rule in {ADDRESS}, and it lets the whole world in"
    outward = ForeignRule(rule=rule("egress", "-1", "-1", "-1", "0.0.0.0/0"), group=ADDRESS)
    assert outward.words == "egress all to 0.0.0.0/0"
    assert outward.reason == f"the cluster has no such rule in {ADDRESS}"
