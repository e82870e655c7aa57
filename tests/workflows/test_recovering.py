"""What a killed deploy left outside the state is adopted where the plan wants it, and removed where nothing does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from fleetkit.aws import Part, PartKind, Thing, ThingKind
from fleetkit.core import data_folder
from fleetkit.terraform import Action, ResourceChange, StateResource
from fleetkit.workflows._adoptable import PARTS, REMADE, THINGS
from fleetkit.workflows.recovering import Recovery, find_recovery


def planned(address: str, *, action: Action = Action.CREATE, import_id: str = "", **after: Any) -> ResourceChange:
    kind, name = address.rpartition("module.x.")[2].split(".")[:2]
    return ResourceChange(
        address=address, module="", type=kind, name=name, action=action, after=after, import_id=import_id
    )


def known(address: str, resource_id: str) -> StateResource:
    kind, name = address.split(".")[:2]
    return StateResource(address=address, module="", type=kind, name=name, resource_id=resource_id)


def thing(kind: ThingKind, thing_id: str, name: str, **more: Any) -> Thing:
    return Thing(kind=kind, thing_id=thing_id, name=name, cluster="demo", **more)


def look(
    *things: Thing, parts: tuple[Part, ...] = (), state: tuple[StateResource, ...] = (), **changes: ResourceChange
) -> Recovery:
    return find_recovery(things, parts, state=state, changes=list(changes.values()))


def adopted(found: Recovery) -> dict[str, str]:
    return {one.address: one.import_id for one in found.adopt}


def named(name: str) -> Mapping[str, str]:
    return {"Name": name}


CASES = [
    ("aws_vpc.a", ThingKind.VPC, {"tags": named("n"), "cidr_block": "10.1.0.0/16"}, {"address": "10.1.0.0/16"}),
    ("aws_subnet.a", ThingKind.SUBNET, {"tags": named("n"), "cidr_block": "10.1.1.0/24"}, {"address": "10.1.1.0/24"}),
    ("aws_eip.a", ThingKind.ELASTIC_ADDRESS, {"tags": named("n")}, {"address": "192.0.2.1"}),
    ("aws_nat_gateway.a", ThingKind.NAT_GATEWAY, {"tags": named("n")}, {"state": "pending"}),
    ("aws_instance.a", ThingKind.INSTANCE, {"tags": named("n"), "private_ip": "10.1.1.9"}, {"address": "10.1.1.9"}),
    ("aws_lb.a", ThingKind.LOAD_BALANCER, {"name": "n"}, {"state": "provisioning"}),
    ("aws_autoscaling_group.a", ThingKind.AUTO_SCALING_GROUP, {"name": "n"}, {}),
    ("aws_route53_zone.a", ThingKind.HOSTED_ZONE, {"name": "n", "vpc": [{"vpc_id": "vpc-1"}]}, {"vpc_id": "vpc-1"}),
    ("aws_iam_role.a", ThingKind.ROLE, {"name": "n"}, {}),
    ("aws_cloudwatch_log_group.a", ThingKind.LOG_GROUP, {"name": "n"}, {}),
]


@pytest.mark.parametrize(("address", "kind", "after", "more"), CASES, ids=[case[0] for case in CASES])
def test_a_thing_is_adopted_where_the_plan_would_create_it(
    address: str, kind: ThingKind, after: dict[str, Any], more: dict[str, Any]
) -> None:
    found = look(thing(kind, "id-1", "n", **more), a=planned(address, **after))
    assert adopted(found) == {address: "id-1"}
    assert found.remove == ()


def test_what_the_state_knows_is_left_alone() -> None:
    found = look(thing(ThingKind.VPC, "vpc-1", "n"), state=(known("aws_vpc.a", "vpc-1"),))
    assert found == Recovery()


def test_a_role_is_adopted_beside_its_profile_of_the_same_name() -> None:
    found = look(
        thing(ThingKind.ROLE, "n", "n"),
        thing(ThingKind.INSTANCE_PROFILE, "n", "n"),
        a=planned("aws_iam_instance_profile.a", action=Action.NO_OP, import_id="n", name="n"),
        b=planned("aws_iam_role.b", name="n"),
    )
    assert adopted(found) == {"aws_iam_role.b": "n"}


def test_what_no_address_wants_is_removed_with_the_reason() -> None:
    found = look(thing(ThingKind.NAT_GATEWAY, "nat-1", "old"), a=planned("aws_nat_gateway.a", tags=named("new")))
    assert [str(one) for one in found.remove] == ["nat-gateway nat-1 (old): nothing in the configuration wants it"]


def test_what_was_cut_off_before_its_tags_is_adopted_by_its_name_and_strangers_are_never_removed() -> None:
    group = Thing(kind=ThingKind.TARGET_GROUP, thing_id="arn:1", name="n", vpc_id="vpc-1")
    stranger = Thing(kind=ThingKind.TARGET_GROUP, thing_id="arn:2", name="m", vpc_id="vpc-1")
    other = Thing(kind=ThingKind.TARGET_GROUP, thing_id="arn:3", name="o", vpc_id="vpc-1", cluster="other")
    wanted = [planned("aws_lb_target_group.a", name="n"), planned("aws_lb_target_group.b", name="o")]
    found = find_recovery((), (), state=(), changes=wanted, untagged=(group, stranger, other))
    assert (adopted(found), found.remove) == ({"aws_lb_target_group.a": "arn:1"}, ())
    settled = planned("aws_lb_target_group.a", action=Action.NO_OP, import_id="arn:1", name="n")
    again = planned("aws_lb_target_group.c", name="n")
    assert find_recovery((), (), state=(), changes=[settled, again], untagged=(group,)).adopt == ()


def test_a_second_one_is_removed_and_the_first_adopted() -> None:
    found = look(
        thing(ThingKind.ELASTIC_ADDRESS, "eip-1", "n"),
        thing(ThingKind.ELASTIC_ADDRESS, "eip-2", "n"),
        a=planned("aws_eip.a", tags=named("n")),
    )
    assert adopted(found) == {"aws_eip.a": "eip-1"}
    assert [str(one) for one in found.remove] == ["elastic-address eip-2 (n): another is adopted as aws_eip.a"]


def test_of_two_networks_subnets_wait_until_the_plan_knows_which_one_counts() -> None:
    subnets = [
        thing(ThingKind.SUBNET, f"s-{one}", "n", address="10.1.1.0/24", vpc_id=f"vpc-{one}") for one in ("1", "2")
    ]
    wanted = {"tags": named("n"), "cidr_block": "10.1.1.0/24"}
    vpc = planned("aws_vpc.v", tags=named("other"))
    assert look(*subnets, v=vpc, a=planned("aws_subnet.a", **wanted)).adopt == ()
    assert adopted(look(*subnets, a=planned("aws_subnet.a", vpc_id="vpc-2", **wanted))) == {"aws_subnet.a": "s-2"}


@pytest.mark.parametrize(
    "left",
    [
        thing(ThingKind.INSTANCE, "i-1", "worker", keeper="demo-public"),
        thing(ThingKind.INSTANCE, "i-1", "n", state="shutting-down"),
        thing(ThingKind.NETWORK_INTERFACE, "eni-1", "n"),
        thing(ThingKind.VOLUME, "vol-1", "data"),
        thing(ThingKind.ROLE, "fleetkit-demo-us-west-2-b-us-west-2-master", "of a cluster with a longer name"),
        thing(ThingKind.LOG_GROUP, "/fleetkit/demo/mine", "/fleetkit/demo/mine"),
    ],
    ids=str,
)
def test_what_is_not_for_a_deploy_to_remove_stays(left: Thing) -> None:
    assert look(left) == Recovery()


def test_what_aws_gave_up_is_removed_and_never_adopted() -> None:
    found = look(
        thing(ThingKind.NAT_GATEWAY, "n-1", "n", state="failed"), a=planned("aws_nat_gateway.a", tags=named("n"))
    )
    assert found.adopt == ()
    assert [one.reason for one in found.remove] == ["AWS gave it up (failed)"]


def test_an_unknown_master_is_told_from_other_machines() -> None:
    found = look(
        thing(ThingKind.INSTANCE, "i-1", "m", role="master"), thing(ThingKind.INSTANCE, "i-2", "b", role="bastion")
    )
    assert [one.is_master for one in found.remove] == [True, False]


RULE = {"type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80}

PART_CASES = [
    ("aws_route.a", PartKind.ROUTE, ("rtb-1", "0.0.0.0/0"), "", "rtb-1_0.0.0.0/0",
     {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0"}),
    ("aws_route_table_association.a", PartKind.ROUTE_TABLE_ASSOCIATION, ("s-1", "rtb-1"), "", "s-1/rtb-1",
     {"subnet_id": "s-1", "route_table_id": "rtb-1"}),
    ("aws_lb_listener.a", PartKind.LISTENER, ("arn:lb", "80"), "arn:listener", "arn:listener",
     {"load_balancer_arn": "arn:lb", "port": 80}),
    ("aws_route53_record.a", PartKind.RECORD, ("Z1", "etcd1.demo.internal", "A"), "", "Z1_etcd1.demo.internal_A",
     {"zone_id": "Z1", "name": "etcd1.demo.internal", "type": "A"}),
    ("aws_security_group_rule.self", PartKind.RULE, ("sg-1", "ingress", "tcp", "80", "80", "self"), "r",
     "sg-1_ingress_tcp_80_80_self", {**RULE, "security_group_id": "sg-1", "self": True}),
    ("aws_security_group_rule.cidr", PartKind.RULE, ("sg-1", "ingress", "tcp", "80", "80", "0.0.0.0/0"), "r",
     "sg-1_ingress_tcp_80_80_0.0.0.0/0", {**RULE, "security_group_id": "sg-1", "cidr_blocks": ["0.0.0.0/0"]}),
    ("aws_security_group_rule.peer", PartKind.RULE, ("sg-1", "ingress", "tcp", "80", "80", "sg-2"), "r",
     "sg-1_ingress_tcp_80_80_sg-2", {**RULE, "security_group_id": "sg-1", "source_security_group_id": "sg-2"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "kind", "key", "part_id", "import_id", "after"), PART_CASES, ids=[case[0] for case in PART_CASES]
)
def test_a_part_is_adopted_once_the_plan_knows_on_what_it_hangs(
    address: str, kind: PartKind, key: tuple[str, ...], part_id: str, import_id: str, after: dict[str, Any]
) -> None:
    part = Part(kind=kind, key=key, part_id=part_id)
    assert adopted(look(parts=(part,), a=planned(address, **after))) == {address: import_id}
    unknown = (
        dict(list(after.items())[1:])
        if not address.startswith("aws_security")
        else {**after, "security_group_id": None}
    )
    assert look(parts=(part,), a=planned(address, **unknown)).adopt == ()


def test_an_adopted_group_loses_the_rules_that_nothing_wants() -> None:
    wide = Part(kind=PartKind.RULE, key=("sg-1", "egress", "-1", "-1", "-1", "0.0.0.0/0"), part_id="sgr-1")
    group = planned("aws_security_group.a", action=Action.UPDATE, import_id="sg-1", tags=named("n"))
    assert [one.what for one in look(parts=(wide,), a=group).remove] == [wide]


def test_every_resource_type_of_the_configuration_has_its_place_in_the_table() -> None:
    texts = [path.read_text(encoding="utf-8") for path in data_folder("terraform").rglob("*.tf")]
    used = {kind for text in texts for kind in re.findall(r'^resource "(\w+)"', text, flags=re.MULTILINE)}
    assert used == {*THINGS, *PARTS, *REMADE}
