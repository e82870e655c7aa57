"""The checks of the network, each on a cluster that passes, one that fails, and one of which nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetkit.checks import (
    AclFact,
    BalancerFact,
    Facts,
    GroupFact,
    MachineFact,
    RuleFact,
    SubnetFact,
    Verdict,
    find_check,
)

from .test_catalogue import CLUSTER

WORLD = "0.0.0.0/0"
THREE = replace(CLUSTER, masters={f"etcd{one}": f"10.10.{one}.100" for one in (1, 2, 3)})


def rule(peer: str, first: int, last: int = 0, *, protocol: str = "tcp", direction: str = "ingress") -> RuleFact:
    return RuleFact(direction=direction, protocol=protocol, first=first, last=last or first, peer=peer)


def group(role: str, *rules: RuleFact, name: str = "", is_default: bool = False) -> GroupFact:
    return GroupFact(
        group_id=f"sg-{role or name}", name=name or f"demo-{role}", role=role, is_default=is_default, rules=rules
    )


def machine(role: str, member: str = "", *, zone: str = "a", public: str = "", groups: str = "") -> MachineFact:
    return MachineFact(
        instance_id=f"i-{member or role}", resource=member or role, role=role, member=member, zone=zone,
        state="running", private_address="10.10.1.1", public_address=public, subnet_id="subnet-1",
        group_ids=tuple(groups.split()),
    )  # fmt: skip


def balancer(name: str, *groups: str, faces_internet: bool = False) -> BalancerFact:
    return BalancerFact(
        arn=f"arn:{name}", resource=name, kind="application", faces_internet=faces_internet, group_ids=groups
    )


def judge(name: str, **read: Any) -> dict[str, str]:
    """Return each resource that does not pass to why; of those that pass, that they do."""
    found = find_check(name).apply(Facts(THREE, read=read))
    assert found, "a check says at least one thing"
    assert all(one.evidence for one in found if one.resource != CLUSTER.name)
    assert Verdict.UNKNOWN not in {one.verdict for one in found} or name == "masters-survive-zone"
    return {one.resource: "passed" if one.verdict is Verdict.PASSED else one.reason for one in found}


ALL_OF_IT = [
    rule(WORLD, 0, 65535, protocol="all"),
    rule(WORLD, 0, 65535),
    rule(WORLD, 1, 65535),
    rule("::/0", 0, 65535, protocol="all"),
]


@pytest.mark.parametrize("wide", ALL_OF_IT)
def test_all_ports_to_the_world(wide: RuleFact) -> None:
    told = judge(
        "security-group-open-to-world", groups=(group("public", wide), group("master", rule("sg-x", 0, 65535)))
    )
    assert told == {"public": f"it lets everybody in on all ports: {wide.words}", "master": "passed"}


@pytest.mark.parametrize("wide", ALL_OF_IT)
@pytest.mark.parametrize("name", ["ssh-open-to-world", "published-ports-open-to-world"])
def test_what_is_open_on_all_ports_is_told_by_one_check_alone(wide: RuleFact, name: str) -> None:
    assert judge(name, groups=(group("public", wide),)) == {"public": "passed"}


@pytest.mark.parametrize(
    ("one", "passes"),
    [
        (rule(WORLD, 22), False),
        (rule("::/0", 20, 30), False),
        (rule("0.0.0.0/1", 22), False),
        (rule("2000::/3", 22), False),
        (rule("10.0.0.0/8", 22), True),
        (rule("pl-1", 22), True),
        (rule(WORLD, 2222), False),
        (rule(WORLD, 23), True),
        (rule("203.0.113.7/32", 22), True),
        (rule(WORLD, 22, protocol="udp"), True),
        (rule(WORLD, 22, direction="egress"), True),
    ],
)
def test_ssh_to_the_world(one: RuleFact, passes: bool) -> None:
    (told,) = judge("ssh-open-to-world", groups=(group("bastion", one),)).values()
    assert (told == "passed") is passes


@pytest.mark.parametrize(
    ("one", "passes"),
    [
        (rule("sg-internal", 2379), True),
        (rule("sg-master", 2380), True),
        (rule("sg-internal", 2380), False),
        (rule("sg-lb-ui", 2379), False),
        (rule("10.10.0.0/16", 2379, 2380), False),
        (rule("pl-1", 2379), False),
        (rule("10.10.0.0/16", 22), True),
        (rule("10.10.0.0/16", 0, 65535, protocol="all"), False),
    ],
)
def test_etcds_ports_in_what_masters_wear(one: RuleFact, passes: bool) -> None:
    others = (group("internal"), group("lb-ui"), group("public", rule(WORLD, 2379)))
    own = judge("etcd-ports-open", groups=(group("master", one), *others), machines=())
    assert own.keys() == {"master"}
    assert (own["master"] == "passed") is passes
    foreign = group("", one, name="by-hand")
    worn = judge(
        "etcd-ports-open",
        groups=(group("master"), foreign, *others),
        machines=(machine("master", "etcd1", groups="sg-master sg-by-hand"),),
    )
    assert worn["master"] == "passed"
    assert (worn["by-hand"] == "passed") is passes


def test_the_vpns_network_is_a_client_of_etcd() -> None:
    facts = Facts(
        replace(THREE, has_bastion=False, vpn_cidr="10.8.0.0/16"),
        read={"groups": (group("master", rule("10.8.0.0/16", 2379)),), "machines": ()},
    )
    (found,) = find_check("etcd-ports-open").apply(facts)
    assert found.verdict is Verdict.PASSED


@pytest.mark.parametrize(("port", "passes"), [(4001, False), (7001, False), (4002, True)])
def test_legacy_ports_of_etcd(port: int, passes: bool) -> None:
    told = judge("etcd-legacy-ports-open", groups=(group("master", rule("sg-internal", port)),), machines=())
    assert (told["master"] == "passed") is passes


def test_inner_load_balancers() -> None:
    groups = (group("lb-ui", rule("::/0", 80)), group("lb-internal", rule("sg-internal", 80)))
    balancers = (
        balancer("fleet-ui", "sg-lb-ui"),
        balancer("internal-web", "sg-lb-internal"),
        balancer("public-web", faces_internet=True),
        balancer("other", faces_internet=True),
    )
    assert judge("inner-load-balancer-faces-internet", groups=groups, balancers=balancers) == {
        "fleet-ui": "it lets everybody in: ingress tcp 80 from ::/0",
        "internal-web": "passed",
        "other": "it has public addresses",
    }


@pytest.mark.parametrize(
    ("one", "passes"),
    [
        (rule(WORLD, 32768, 61000), False),
        (rule(WORLD, 50000, protocol="udp"), False),
        (rule(WORLD, 1024, 40000), False),
        (rule(WORLD, 80, 443), True),
        (rule("sg-public", 32768, 61000), True),
    ],
)
def test_published_ports(one: RuleFact, passes: bool) -> None:
    (told,) = judge("published-ports-open-to-world", groups=(group("public", one),)).values()
    assert (told == "passed") is passes


def test_the_default_group() -> None:
    locked = group("", name="default", is_default=True)
    itself = rule("sg-default", 0, 65535, protocol="all")
    assert judge("default-security-group-open", groups=(locked, group("master", itself))) == {"default": "passed"}
    told = judge("default-security-group-open", groups=(replace(locked, rules=(itself,)),))
    assert told == {"default": "it has rules: ingress all from sg-default"}
    (none,) = find_check("default-security-group-open").apply(Facts(THREE, read={"groups": ()}))
    assert none.verdict is Verdict.UNKNOWN


def test_unused_groups() -> None:
    groups = (group("master"), group("deploy"), group("", name="default", is_default=True))
    wearers = {"sg-master": ("eni-1",), "sg-deploy": ()}
    told = judge("security-group-unused", groups=groups, wearers=wearers)
    assert told == {"master": "passed", "deploy": "nothing wears it"}


def test_open_network_acls() -> None:
    shut = AclFact(acl_id="acl-1", is_default=False, subnet_ids=("subnet-1",), open_entries=())
    wide = replace(shut, acl_id="acl-2", open_entries=("100 ingress 0.0.0.0/0",))
    assert judge("network-acl-open", acls=(shut, wide)) == {
        "acl-1": "passed",
        "acl-2": "it lets everything through: 100 ingress 0.0.0.0/0",
    }


@pytest.mark.parametrize(
    ("logs", "told"),
    [
        ({"fl-1": "ACTIVE"}, "passed"),
        ({"fl-1": "not writing (Access error)", "fl-2": "ACTIVE"}, "passed"),
        ({"fl-1": "not writing (Access error)"}, "no flow log is active: fl-1 is not writing (Access error)"),
        ({}, "it has no flow log"),
    ],
)
def test_flow_logs(logs: dict[str, str], told: str) -> None:
    assert judge("vpc-flow-logs", flow_logs=logs) == {"vpc": told}


def test_subnets_that_give_public_addresses() -> None:
    plain = SubnetFact(subnet_id="subnet-1", name="private-a", zone="a", gives_public_address=False)
    giving = SubnetFact(subnet_id="subnet-2", name="", zone="b", gives_public_address=True)
    assert judge("subnet-gives-public-address", subnets=(plain, giving)) == {
        "private-a": "passed",
        "subnet-2": "it gives what starts in it a public address",
    }


@pytest.mark.parametrize(
    ("zones", "told"),
    [
        ("abc", "passed"),
        ("aab", "the loss of a leaves fewer than 2 of 3 members"),
        ("ab", "the loss of a or of b leaves fewer than 2 of 3 members"),
        ("", "no master is there, so nobody can tell where they stand"),
    ],
)
def test_where_masters_stand(zones: str, told: str) -> None:
    masters = [machine("master", f"etcd{number}", zone=zone) for number, zone in enumerate(zones, start=1)]
    said = judge("masters-survive-zone", machines=(*masters, machine("bastion", public="203.0.113.9")))
    assert said == {"demo": told, **{one.resource: "passed" for one in masters}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"state": "stopped"}, "the loss of a or of b leaves fewer than 2 of 3 members"),
        ({"member": ""}, "the loss of a or of b leaves fewer than 2 of 3 members"),
        ({}, "passed"),
    ],
)
def test_a_master_that_does_not_run_or_is_no_member_holds_no_quorum(change: dict[str, str], told: str) -> None:
    third = replace(machine("master", "etcd3", zone="c"), **change)
    masters = (machine("master", "etcd1", zone="a"), machine("master", "etcd2", zone="b"), third)
    assert judge("masters-survive-zone", machines=masters)["demo"] == told


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("etcd-ports-open", {"groups": (), "machines": ()}),
        ("inner-load-balancer-faces-internet", {"groups": (), "balancers": (balancer("public-web"),)}),
        ("security-group-unused", {"groups": (), "wearers": {}}),
        ("network-acl-open", {"acls": ()}),
        ("subnet-gives-public-address", {"subnets": ()}),
    ],
)
def test_of_what_is_meant_to_be_there_and_is_not_nobody_can_tell(name: str, read: dict[str, Any]) -> None:
    (found,) = find_check(name).apply(Facts(THREE, read=read))
    assert (found.resource, found.verdict) == ("demo", Verdict.UNKNOWN)


def test_two_zones_that_each_leave_too_few_are_both_named_and_so_is_a_public_master() -> None:
    masters = (machine("master", "etcd1", zone="a", public="203.0.113.9"), machine("master", "etcd2", zone="b"))
    told = judge("masters-survive-zone", machines=masters)
    assert told["etcd1"] == "it has the public address 203.0.113.9"
    assert told["demo"] == "the loss of a or of b leaves fewer than 2 of 3 members"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ((rule("203.0.113.0/24", 22),), "passed"),
        ((rule("198.51.100.0/24", 22), rule("203.0.113.0/24", 22)), "passed"),
        ((rule("198.51.100.7/32", 22),), "198.51.100.7/32 is let in, and you come from 203.0.113.7"),
        ((), "nobody is let in, and you come from 203.0.113.7"),
        ((rule("::ffff:203.0.113.0/120", 22),), "nobody is let in, and you come from 203.0.113.7"),
        ((rule("2001:db8::/32", 22), rule("sg-x", 22)), "nobody is let in, and you come from 203.0.113.7"),
    ],
)
def test_the_operators_address(rules: tuple[RuleFact, ...], told: str) -> None:
    groups = (group("bastion", *rules), group("public", rule(WORLD, 22)))
    assert judge("operator-address-stale", groups=groups, operator_address="203.0.113.7") == {"bastion": told}


def test_who_comes_over_the_vpn_has_no_address_in_the_rules() -> None:
    facts = Facts(replace(THREE, has_bastion=False), read={"groups": (), "operator_address": "203.0.113.7"})
    (found,) = find_check("operator-address-stale").apply(facts)
    assert found.verdict is Verdict.PASSED
