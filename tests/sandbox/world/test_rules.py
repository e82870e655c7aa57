"""What passes is what both ends' security groups allow, where a route leads; each rule taken away closes its way."""

from __future__ import annotations

import dataclasses

import pytest

from fleetkit.sandbox.world import (
    API_ADDRESS,
    INTERNET_ADDRESS,
    OPERATOR_ADDRESS,
    S3_ADDRESS,
    VPN_ADDRESS,
    Balancer,
    GroupRule,
    Instance,
    Observation,
    Route,
    SecurityGroup,
    Subnet,
    derive_rules,
)
from fleetkit.sandbox.world.rules import Passage

ANYWHERE = ("0.0.0.0/0",)
OUT = (GroupRule(protocol="any", cidrs=ANYWHERE),)
NAT = Route(destination="0.0.0.0/0", via="nat")
INTERNET = Route(destination="0.0.0.0/0", via="internet")


def instance(name: str, address: str, *groups: str, public: str | None = None, subnet: str = "private") -> Instance:
    return Instance(
        instance_id=f"i-{name}",
        state="running",
        address=address,
        subnet_id=subnet,
        groups=groups,
        kind="flatcar",
        image_id="ami-1",
        hostname=name,
        instance_type="t3.small",
        zone="us-west-2a",
        public_address=public,
    )


def group(name: str, *ingress: GroupRule, egress: tuple[GroupRule, ...] = OUT) -> SecurityGroup:
    return SecurityGroup(group_id=name, ingress=ingress, egress=egress)


def tcp(*ports: int, cidrs: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> GroupRule:
    return GroupRule(protocol="tcp", ports=(ports[0], ports[-1]), cidrs=cidrs, groups=groups)


def seen(*instances: Instance, groups: tuple[SecurityGroup, ...], **more: object) -> Observation:
    subnets = {
        "private": Subnet(subnet_id="private", vpc_id="vpc", cidr="10.0.1.0/24", zone="a"),
        "public": Subnet(subnet_id="public", vpc_id="vpc", cidr="10.0.0.0/24", zone="a", routes=(INTERNET,)),
        "foreign": Subnet(subnet_id="foreign", vpc_id="other", cidr="10.9.0.0/24", zone="a"),
    }
    given = {"region": "us-west-2", "instances": instances, "subnets": subnets} | more
    return Observation(groups={one.group_id: one for one in groups}, **given)  # type: ignore[arg-type]


def passes(observation: Observation, source: str, destination: str, port: int) -> bool:
    return any(
        rule.source == source
        and rule.destination == destination
        and rule.protocol in ("tcp", "any")
        and (rule.ports is None or rule.ports[0] <= port <= rule.ports[1])
        for rule in derive_rules(observation)
    )


ETCD1, ETCD2, WORKER = "10.0.1.101", "10.0.1.102", "10.0.1.20"
MASTERS = (instance("etcd1", ETCD1, "etcd"), instance("etcd2", ETCD2, "etcd"), instance("worker", WORKER, "workers"))
ETCD = group("etcd", tcp(2380, groups=("etcd",)), tcp(2379, groups=("etcd", "workers")))


def test_a_group_that_names_itself_lets_its_members_talk_and_nobody_else() -> None:
    world = seen(*MASTERS, groups=(ETCD, group("workers")))
    assert passes(world, ETCD1, ETCD2, 2380)
    assert passes(world, ETCD2, ETCD1, 2380)
    assert not passes(world, WORKER, ETCD1, 2380)


def test_a_group_reference_admits_the_members_of_the_other_group() -> None:
    assert passes(seen(*MASTERS, groups=(ETCD, group("workers"))), WORKER, ETCD1, 2379)
    without = group("etcd", tcp(2379, groups=("etcd",)))
    assert not passes(seen(*MASTERS, groups=(without, group("workers"))), WORKER, ETCD1, 2379)


def test_without_egress_nothing_leaves() -> None:
    mute = group("workers", egress=())
    assert not passes(seen(*MASTERS, groups=(ETCD, mute)), WORKER, ETCD1, 2379)


def test_ports_are_what_both_directions_share() -> None:
    narrow = group("workers", egress=(tcp(2000, 2379, cidrs=ANYWHERE),))
    wide = group("etcd", tcp(2379, 2380, cidrs=ANYWHERE))
    rules = derive_rules(seen(*MASTERS, groups=(wide, narrow)))
    assert Passage(source=WORKER, destination=ETCD1, protocol="tcp", ports=(2379, 2379)) in rules
    assert not passes(seen(*MASTERS, groups=(wide, narrow)), WORKER, ETCD1, 2380)


def test_rules_of_another_protocol_do_not_meet() -> None:
    udp = group("workers", egress=(GroupRule(protocol="udp", cidrs=ANYWHERE),))
    assert not passes(seen(*MASTERS, groups=(ETCD, udp)), WORKER, ETCD1, 2379)


def test_networks_do_not_reach_each_other() -> None:
    stranger = instance("stranger", "10.9.0.5", "open", subnet="foreign")
    world = seen(*MASTERS, stranger, groups=(group("etcd", tcp(0, 65535, cidrs=ANYWHERE)), group("open")))
    assert not passes(world, "10.9.0.5", ETCD1, 2379)


BASTION = instance("bastion", "10.0.0.9", "bastion", public="203.0.113.30", subnet="public")
SSH = group("bastion", tcp(22, cidrs=(f"{OPERATOR_ADDRESS}/32",)))


def test_the_operator_reaches_the_bastion_and_the_internet_does_not() -> None:
    world = seen(BASTION, groups=(SSH,))
    assert passes(world, OPERATOR_ADDRESS, "10.0.0.9", 22)
    assert not passes(world, INTERNET_ADDRESS, "10.0.0.9", 22)


def test_no_public_address_or_no_internet_gateway_no_way_in() -> None:
    hidden = dataclasses.replace(BASTION, public_address=None)
    assert not passes(seen(hidden, groups=(SSH,)), OPERATOR_ADDRESS, "10.0.0.9", 22)
    private = dataclasses.replace(BASTION, subnet_id="private")
    assert not passes(seen(private, groups=(SSH,)), OPERATOR_ADDRESS, "10.0.0.9", 22)


def test_the_vpn_reaches_private_addresses_that_admit_its_range() -> None:
    admitting = group("etcd", tcp(2379, cidrs=("10.8.0.0/24",)))
    assert passes(seen(*MASTERS, groups=(admitting,)), VPN_ADDRESS, ETCD1, 2379)
    assert not passes(seen(*MASTERS, groups=(ETCD,)), VPN_ADDRESS, ETCD1, 2379)


@pytest.mark.parametrize(
    ("routes", "s3", "api"),
    [
        ((), False, False),
        ((NAT,), True, True),
        ((Route(destination="s3", via="s3"),), True, False),
        ((INTERNET,), False, False),
    ],
)
def test_aws_is_reached_where_a_route_leads(routes: tuple[Route, ...], s3: bool, api: bool) -> None:
    subnet = Subnet(subnet_id="private", vpc_id="vpc", cidr="10.0.1.0/24", zone="a", routes=routes)
    world = seen(MASTERS[0], groups=(ETCD,), subnets={"private": subnet})
    assert (passes(world, ETCD1, S3_ADDRESS, 443), passes(world, ETCD1, API_ADDRESS, 443)) == (s3, api)


def test_aws_is_not_reached_where_egress_forbids_it() -> None:
    subnet = Subnet(subnet_id="private", vpc_id="vpc", cidr="10.0.1.0/24", zone="a", routes=(NAT,))
    only_etcd = group("etcd", egress=(tcp(2379, 2380, cidrs=ANYWHERE),))
    assert not passes(seen(MASTERS[0], groups=(only_etcd,), subnets={"private": subnet}), ETCD1, S3_ADDRESS, 443)


@pytest.mark.parametrize(("routes", "reached"), [((), False), ((NAT,), True), ((INTERNET,), False)])
def test_the_internet_is_reached_where_a_route_leads_and_egress_allows_it(
    routes: tuple[Route, ...], reached: bool
) -> None:
    subnet = Subnet(subnet_id="private", vpc_id="vpc", cidr="10.0.1.0/24", zone="a", routes=routes)
    only_https = group("etcd", egress=(tcp(443, cidrs=ANYWHERE),))
    world = seen(MASTERS[0], groups=(only_https,), subnets={"private": subnet})
    assert passes(world, ETCD1, INTERNET_ADDRESS, 443) is reached
    assert not passes(world, ETCD1, INTERNET_ADDRESS, 80)


def test_the_prefix_list_of_s3_opens_s3_alone() -> None:
    subnet = Subnet(subnet_id="private", vpc_id="vpc", cidr="10.0.1.0/24", zone="a", routes=(NAT,))
    listed = group("etcd", egress=(GroupRule(protocol="tcp", ports=(443, 443), to_s3=True),))
    world = seen(MASTERS[0], groups=(listed,), subnets={"private": subnet})
    assert passes(world, ETCD1, S3_ADDRESS, 443)
    assert not passes(world, ETCD1, API_ADDRESS, 443)


def balancer(*groups: str, public: bool) -> Balancer:
    return Balancer(
        arn="arn",
        name="web",
        kind="network",
        public=public,
        dns_name="web.elb.amazonaws.com",
        groups=groups,
        subnets=("public",),
        addresses=("10.0.0.254",),
    )


def test_a_balancer_reaches_targets_that_admit_its_group() -> None:
    web = group("web", tcp(80, groups=("front",)))
    front = group("front", tcp(80, cidrs=ANYWHERE))
    world = seen(instance("worker", WORKER, "web"), groups=(web, front), balancers=(balancer("front", public=True),))
    assert passes(world, "10.0.0.254", WORKER, 80)
    assert passes(world, INTERNET_ADDRESS, "10.0.0.254", 80)
    assert not passes(world, INTERNET_ADDRESS, WORKER, 80)


def test_an_internal_balancer_is_hidden_from_the_internet() -> None:
    front = group("front", tcp(80, cidrs=ANYWHERE))
    world = seen(*MASTERS, groups=(front, ETCD), balancers=(balancer("front", public=False),))
    assert not passes(world, INTERNET_ADDRESS, "10.0.0.254", 80)
    assert passes(world, WORKER, "10.0.0.254", 80) is False  # the worker's group is unknown, so nothing lets it out
    assert passes(world, ETCD1, "10.0.0.254", 80)
