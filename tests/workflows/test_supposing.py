"""What a cluster is, out of its file and out of an inspection, for asking what it would lose."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws, make_subnet, make_vpc
from support.cluster_files import TODAY, ZONES, changed, cluster_data, make_cluster, write_cluster
from support.pki_made import make_demo_pki
from support.runs_records import member

from fleetkit import aws
from fleetkit.config import parse_cluster
from fleetkit.core import NotFoundError, judge_quorum
from fleetkit.terraform import list_flows
from fleetkit.views import ClusterLayout, LaidWayIn, Spread, members_frame
from fleetkit.workflows import Section, lay_out_cluster, open_workspace, suppose_each
from fleetkit.workflows._layout_file import lay_out_file
from fleetkit.workflows._layout_live import find_closed_flows, lay_out_sections, read_egress

A, B, C = ZONES


def planned(**known: object) -> ClusterLayout:
    return lay_out_file(make_cluster(**known), certificates=None)


def test_the_file_tells_where_each_machine_will_stand() -> None:
    layout = planned(**{"pools.public.desired": 5, "pools.public.maximum": 9, "network.nat_gateways": 2})
    assert [(one.name, one.zone, one.healthy) for one in layout.members] == [
        ("etcd1", A, True),
        ("etcd2", B, True),
        ("etcd3", C, True),
    ]
    pools = {one.name: one.machines for one in layout.pools}
    assert pools["public"] == Spread(by_zone={A: 1, B: 1, C: 1}, anywhere=2)
    assert layout.egress == {A: A, B: B, C: A}
    assert layout.way_in == LaidWayIn(zone=A, running=True)
    behind = {one.name: (one.machines, one.members) for one in layout.balancers}
    assert behind["demo-web"] == (pools["public"], ())
    assert behind["demo-ssh"] == (pools["internal"], ())
    assert behind["demo-etcd-ui"] == (Spread(by_zone={}), ("etcd1", "etcd2", "etcd3"))


def test_every_load_balancer_is_fed_by_a_flow_that_the_cluster_has() -> None:
    layout = planned()
    assert {one.feeds for one in layout.balancers} <= {flow.name for flow in layout.flows}


def test_a_vpn_stands_in_no_zone_and_routes_of_a_network_of_ones_own_are_not_known() -> None:
    data = changed(
        cluster_data(access="vpn", vpn_cidr="172.16.0.0/22"),
        {
            "network.vpc_id": "vpc-0123456789abcdef0",
            "network.public_subnet_ids": [f"subnet-0a0000000000000a{one}" for one in (1, 2, 3)],
            "network.private_subnet_ids": [f"subnet-0b0000000000000b{one}" for one in (1, 2, 3)],
        },
        remove=("network.nat_gateways", "network.public_subnets", "network.private_subnets"),
    )
    layout = lay_out_file(parse_cluster(data, file=Path("demo.toml"), today=TODAY), certificates=None)
    assert (layout.way_in.zone, layout.egress) == ("", None)
    assert "ssh-from-vpn-to-master" in {flow.name for flow in layout.flows}


def test_before_a_deploy_the_file_alone_is_enough_and_missing_certificates_are_named(tmp_path: Path) -> None:
    write_cluster(tmp_path)
    losses = suppose_each(open_workspace("demo", folder=tmp_path, environ={}))
    assert losses.layout.certificates is None
    assert "a deploy makes them" in losses.layout.unknown[0]
    assert [one.supposed.words for one in losses.cases] == [
        *(f"zone {one} gone" for one in ZONES),
        *(f"member etcd{one} gone" for one in (1, 2, 3)),
    ]
    assert losses.outcome == "findings"
    assert losses.summary == "demo bears 5 of 6 single losses of a zone or a member"
    assert losses.overview.findings == (f"zone {A} gone: lost: way in, egress",)
    assert losses.overview.unknown == (), "no date was asked for"
    assert list(losses.frame["lost"]) == ["way in, egress", *["nothing"] * 5]


def test_certificates_that_were_made_tell_their_dates(tmp_path: Path) -> None:
    write_cluster(tmp_path)
    workspace = open_workspace("demo", folder=tmp_path, environ={})
    pki = make_demo_pki(workspace.paths.pki)
    dates = lay_out_cluster(workspace).certificates
    assert dates is not None
    assert dates["members/etcd1/peer"] == pki.peers["etcd1"].facts().not_after
    assert len(dates) == len(pki.certificates())


def test_what_nobody_can_reach_is_unknown_and_never_the_files_wish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    write_cluster(tmp_path)
    losses = suppose_each(open_workspace("demo", folder=tmp_path, environ={}), live=True)
    layout = losses.layout
    assert [one.healthy for one in layout.members] == [None] * 3
    assert all(one.machines is None for one in (*layout.pools, *layout.balancers))
    assert (layout.egress, layout.closed, layout.way_in.running) == (None, None, None)
    assert losses.outcome == "failed"
    assert "routes and rules: " in str(losses)


def machine(role: str, number: int, zone: str, *, address: str = "", state: str = "running") -> dict[str, Any]:
    known = {"role": role, "zone": zone, "state": state, "instance_id": f"i-{role}{number}"}
    return {**known, "address": address or f"10.10.9.{number}"}


def target(group: str, instance: str, *, health: str = "healthy") -> dict[str, Any]:
    return {"target_group": group, "target": instance, "health": health}


def pool(role: str, *members: tuple[str, bool, str]) -> aws.ScalingGroup:
    there = tuple(
        aws.ScalingMember(instance_id=f"i-{role}{number}", zone=zone, healthy=healthy, lifecycle=lifecycle)
        for number, (zone, healthy, lifecycle) in enumerate(members, start=1)
    )
    return aws.ScalingGroup(name=role, role=role, minimum=2, maximum=9, desired=3, members=there, tags={})


def read(**changes: Section) -> ClusterLayout:
    """Return the layout of a cluster that was inspected, with some of the parts as given."""
    cluster = make_cluster()
    address = cluster.masters["etcd1"].address
    machines = [
        machine("master", 1, A, address=address),
        machine("public", 1, A),
        machine("public", 2, B),
        machine("bastion", 1, C),
    ]
    targets = [
        target("demo-web", "i-public1"),
        target("demo-web", "i-public2", health="unhealthy"),
        target("demo-fleet-ui", "i-master1"),
    ]
    rows = [{**member(f"etcd{number}"), "serves": number != 3, "is_learner": False} for number in (1, 2, 3)]
    groups = [pool("public", (A, True, "InService"), (B, False, "InService"), (C, True, "Pending"))]
    sections = {
        "machines": Section(title="Machines", frame=None, facts={"machines": machines}),
        "members": Section(title="Members", frame=members_frame(rows), data=rows),
        "quorum": Section(title="Quorum", frame=None, data=judge_quorum(voters=4, healthy=2)),
        "pools": Section(title="Pools", frame=None, data=groups),
        "targets": Section(title="Targets", frame=None, facts={"targets": targets}),
        "certificates": Section(title="Certificates", frame=None, unknown="no pki here"),
        **changes,
    }
    return lay_out_sections(lay_out_file(cluster, certificates=None), cluster, sections)


def test_an_inspection_puts_what_is_there_in_place_of_what_is_wanted() -> None:
    layout = read()
    assert [(one.name, one.zone, one.healthy) for one in layout.members] == [
        ("etcd1", A, True),
        ("etcd2", B, True),
        ("etcd3", C, False),
        ("unlisted 1", None, None),
    ], "etcd counts four voters, and one of them is not in the file"
    pools = {one.name: one for one in layout.pools}
    assert (pools["public"].machines, pools["public"].minimum) == (Spread(by_zone={A: 1}), 2)
    assert pools["internal"].machines == Spread(by_zone={}), "its scaling group is not there"
    behind = {one.name: one for one in layout.balancers}
    assert behind["demo-web"].machines == Spread(by_zone={A: 1})
    assert behind["demo-fleet-ui"].members == ("etcd1",)
    assert layout.way_in == LaidWayIn(zone=C, running=True)
    assert (layout.certificates, layout.unknown) == (None, ("Certificates: no pki here",))


def test_a_target_that_is_no_machine_of_the_cluster_leaves_its_load_balancer_unknown() -> None:
    stray = Section(title="Targets", frame=None, facts={"targets": [target("demo-web", "i-stray")]})
    behind = {one.name: one.machines for one in read(targets=stray).balancers}
    assert behind["demo-web"] is None
    assert behind["demo-internal"] == Spread(by_zone={})


def test_a_bastion_that_was_stopped_is_no_way_in() -> None:
    stopped = Section(title="Machines", frame=None, facts={"machines": [machine("bastion", 1, A, state="stopped")]})
    assert read(machines=stopped).way_in == LaidWayIn(zone=None, running=False)


@pytest.fixture
def session() -> Iterator[aws.AwsSession]:
    with emulated_aws() as made:
        yield made


def make_network(session: aws.AwsSession) -> tuple[str, list[str]]:
    """Make a VPC with a private subnet in each zone, each routed to the gateway of the first; return their ids."""
    ec2 = session.client("ec2")
    vpc = make_vpc(session, cluster="demo")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public = make_subnet(session, vpc, cidr="10.10.0.0/24", zone=A)
    nat = ec2.create_nat_gateway(SubnetId=public, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    route_to(session, vpc, public, GatewayId=gateway)
    for number, zone in enumerate(ZONES, start=3):
        subnet = make_subnet(session, vpc, cidr=f"10.10.{number}.0/24", zone=zone)
        route_to(session, vpc, subnet, **({"NatGatewayId": nat} if zone != C else {}))
    return vpc, [nat]


def route_to(session: aws.AwsSession, vpc: str, subnet: str, **way: str) -> None:
    ec2: Any = session.client("ec2")
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    if way:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **way)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def test_the_way_out_of_each_zone_is_read_from_its_routes(session: aws.AwsSession) -> None:
    vpc, (nat,) = make_network(session)
    assert read_egress(session, make_cluster(), vpc_id=vpc) == {A: A, B: A, C: ""}
    session.client("ec2").delete_nat_gateway(NatGatewayId=nat)
    assert read_egress(session, make_cluster(), vpc_id=vpc) == {A: "", B: "", C: ""}


def test_in_a_network_of_ones_own_the_routes_of_the_given_subnets_count(session: aws.AwsSession) -> None:
    vpc, _ = make_network(session)
    private = {
        one.zone: one.subnet_id for one in aws.list_subnets(session, vpc) if not one.default_route.startswith("igw-")
    }
    spare = make_subnet(session, vpc, cidr="10.10.9.0/24", zone=A)
    route_to(session, vpc, spare)

    def read_given(subnets: dict[str, str]) -> dict[str, str]:
        cluster = make_cluster()
        network = cluster.network.model_copy(update={"private_subnet_ids": tuple(subnets.values())})
        return read_egress(session, cluster.model_copy(update={"network": network}), vpc_id=vpc)

    assert read_given(private) == {A: A, B: A, C: ""}
    assert read_given({**private, A: spare}) == {A: "", B: A, C: ""}


def test_a_zone_without_a_subnet_is_an_error_and_no_zone_without_a_way_out(session: aws.AwsSession) -> None:
    vpc = make_vpc(session, cluster="demo")
    make_subnet(session, vpc, cidr="10.10.3.0/24", zone=A)
    with pytest.raises(NotFoundError, match=f"no private subnet in {B}, {C}"):
        read_egress(session, make_cluster(), vpc_id=vpc)


def write_groups() -> dict[str, aws.SecurityGroup]:
    """Return the groups of a cluster with every rule that Terraform makes of its flows."""
    flows = list_flows()
    wide = {(flow.source, flow.port) for flow in flows if flow.target == "world"}
    rules: dict[str, list[aws.SecurityRule]] = {}
    for flow in flows:
        ends = [(flow.target, "ingress")]
        ends += [(flow.source, "egress")] if flow.target == "world" or (flow.source, flow.port) not in wide else []
        for place, direction in ends:
            if place in ("operator", "world"):
                continue
            about = f"{flow.name}: {flow.why}"
            rule = aws.SecurityRule(
                direction=direction, protocol="tcp", from_port=1, to_port=1, peer="sg-1", about=about
            )
            rules.setdefault(place, []).append(rule)
    return {
        place: aws.SecurityGroup(group_id=f"sg-{place}", name=f"demo-{place}", vpc_id="vpc-1", rules=tuple(of), tags={})
        for place, of in rules.items()
    }


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_flow_is_closed_when_its_rule_is_missing_at_either_end(direction: str) -> None:
    groups = write_groups()
    assert find_closed_flows(list_flows(), groups.values(), cluster="demo") == ()
    name = "etcd-peer-from-master-to-master"
    kept = tuple(
        one for one in groups["master"].rules if (one.direction, one.about.partition(":")[0]) != (direction, name)
    )
    assert len(kept) == len(groups["master"].rules) - 1
    groups["master"] = dataclasses.replace(groups["master"], rules=kept)
    assert find_closed_flows(list_flows(), groups.values(), cluster="demo") == (name,)
