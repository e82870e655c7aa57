"""The targets of load balancers as an inspection shows them: each with its health, and a group without any told so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws, make_subnet, make_vpc, run_machine
from support.cluster_files import write_cluster

from fleetkit.workflows import Workspace, open_workspace
from fleetkit.workflows._inspections import read_aws
from fleetkit.workflows._reading import Reading


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    write_cluster(tmp_path)
    with emulated_aws():
        yield open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})


def make_group(workspace: Workspace, *machines: str, vpc: str) -> str:
    """Make the cluster's target group demo-web, with these machines in it, and return its ARN."""
    elb = workspace.session.elbv2
    tags: Any = [{"Key": "fleetkit:cluster", "Value": "demo"}]
    made = elb.create_target_group(Name="demo-web", Protocol="HTTP", Port=80, VpcId=vpc, Tags=tags)
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": one} for one in machines])
    return arn


def targets_of(workspace: Workspace) -> Reading:
    return read_aws(workspace)["targets"]


def test_a_target_that_was_taken_out_leaves_the_table_and_the_last_one_leaves_a_finding(workspace: Workspace) -> None:
    session = workspace.session
    vpc = make_vpc(session)
    subnet = make_subnet(session, vpc, cidr="10.10.0.0/24")
    first, last = (run_machine(session, subnet_id=subnet, cluster="demo", role="public") for _ in range(2))
    group = make_group(workspace, first, last, vpc=vpc)

    def seen() -> tuple[list[str], tuple[str, ...]]:
        found = targets_of(workspace)
        assert found.frame is not None
        return list(found.frame["target"]), found.findings

    assert seen() == (sorted([first, last]), ())
    session.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": first}])
    assert seen() == ([last], ())
    session.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": last}])
    assert seen() == ([], ("demo-web: no target is registered",))


def test_a_target_whose_machine_stopped_stays_in_the_table_and_is_a_finding(workspace: Workspace) -> None:
    session = workspace.session
    vpc = make_vpc(session)
    machine = run_machine(
        session, subnet_id=make_subnet(session, vpc, cidr="10.10.0.0/24"), cluster="demo", role="public"
    )
    make_group(workspace, machine, vpc=vpc)
    session.ec2.stop_instances(InstanceIds=[machine])
    found = targets_of(workspace)
    assert found.frame is not None
    assert list(found.frame["health"]) == ["unused"]
    assert found.findings == ("demo-web: 1 targets are not healthy",)
