"""After a deploy that broke off: what nothing wants goes, masters that live stay, and a lock names its owner."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from support.account_census import compare_account, things_outside
from support.aws_between import serve_between
from support.recovery_deploys import Deploy, run_fleetkit

from fleetkit.aws import AwsSession, ThingKind, list_instances, list_objects, open_session, take_inventory
from fleetkit.core import BusyError
from fleetkit.workflows import apply_deploy, approve, open_workspace, plan_deploy

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1800)]

TAGS = [{"Key": "fleetkit:cluster", "Value": "demo"}, {"Key": "Name", "Value": "demo-old"}]


def edit(place: Path, old: str, new: str) -> None:
    file = place / "clusters" / "demo.toml"
    text, count = re.subn(old, new, file.read_text(), flags=re.MULTILINE)
    assert count == 1, f"{old} is there {count} times"
    file.write_text(text)


def state_file(place: Path) -> Path:
    return place / "clusters" / "demo" / "terraform" / "terraform.tfstate"


def leave_old_machine(session: AwsSession, vpc_id: str) -> list[str]:
    """Leave what an older configuration would have made: a machine in a subnet and a group that nothing names now."""

    def tagged(kind: str) -> list[Any]:
        return [{"ResourceType": kind, "Tags": TAGS}]

    ec2: Any = session.ec2
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.10.99.0/24", TagSpecifications=tagged("subnet"))
    group = ec2.create_security_group(
        GroupName="demo-old", Description="old", VpcId=vpc_id, TagSpecifications=tagged("security-group")
    )
    images = ec2.describe_images(Owners=["099720109477"])["Images"]
    machine = ec2.run_instances(
        ImageId=images[0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["Subnet"]["SubnetId"],
        SecurityGroupIds=[group["GroupId"]],
        DisableApiTermination=True,
        TagSpecifications=tagged("instance"),
    )
    return [machine["Instances"][0]["InstanceId"], group["GroupId"], subnet["Subnet"]["SubnetId"]]


def test_what_a_kill_left_untagged_in_a_vpc_that_is_only_used_is_adopted_by_its_name(
    place: Path, environ: dict[str, str]
) -> None:
    session = open_session(environ["AWS_REGION"])
    ec2: Any = session.ec2
    vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    file = place / "clusters" / "demo.toml"
    document: Any = tomlkit.parse(file.read_text())
    network = document["network"]
    del network["nat_gateways"]
    network["vpc_id"] = vpc
    for kind in ("public", "private"):
        network[f"{kind}_subnet_ids"] = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for cidr, zone in zip(network.pop(f"{kind}_subnets"), document["zones"], strict=True)
        ]
    file.write_text(tomlkit.dumps(document))
    elb: Any = session.elbv2
    for name in ("demo-web", "another"):
        elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)

    plan = run_fleetkit(place, environ, "plan", "demo")
    assert plan.returncode == 3, plan.stdout + plan.stderr
    said = plan.stdout + plan.stderr
    adopted = re.findall(r"unknown to the state: target-group \S+ \((\S+)\); to be adopted as (\S+)", said)
    assert adopted == [("demo-web", "module.load_balancers.aws_lb_target_group.public_web")]
    assert "another" not in said


def test_what_nothing_wants_any_more_is_removed_in_order_though_the_state_is_lost(
    place: Path, environ: dict[str, str]
) -> None:
    session = open_session(environ["AWS_REGION"])
    edit(place, r"^nat_gateways = 1", "nat_gateways = 2")
    with serve_between(environ, place) as (between, through):
        both = between.hold("CreateNatGateway", times=2)
        with Deploy(place, "demo", environ=through) as deploy:
            assert deploy.run_until(both), deploy.tail
            deploy.kill()
    state_file(place).write_bytes(b"")
    state_file(place).with_name("terraform.tfstate.backup").unlink(missing_ok=True)
    edit(place, r"^nat_gateways = 2", "nat_gateways = 1")
    outside = things_outside(session, "demo", state_file(place))
    (vpc,) = [one for one in outside if one.kind is ThingKind.VPC]
    old = leave_old_machine(session, vpc.thing_id)
    (gateway,) = [one for one in outside if one.kind is ThingKind.NAT_GATEWAY and one.name.endswith("b")]
    (address,) = [one for one in outside if one.kind is ThingKind.ELASTIC_ADDRESS and one.name.endswith("b")]

    plan = run_fleetkit(place, environ, "plan", "demo")
    assert plan.returncode == 3, plan.stdout + plan.stderr
    shown = plan.stdout.partition("unknown to the state and wanted by nothing, to be removed:")[2]
    doomed = [old[0], gateway.thing_id, address.thing_id, *old[1:]]
    assert re.findall(r"^  - \S+ (\S+) .*: nothing in the configuration wants it$", shown, re.MULTILINE) == doomed
    assert {one.thing_id for one in take_inventory(session, "demo").things} >= set(doomed), "a plan removes nothing"

    with Deploy(place, "demo", environ=environ) as again:
        assert again.finish() == 0, again.tail
    text = "\n".join(again.lines)
    assert re.findall(r"^removed \S+ (\S+) ", text, re.MULTILINE) == doomed
    assert "5 unknown things removed" in text
    assert compare_account(session, "demo", state_file(place)) == []
    last = run_fleetkit(place, environ, "plan", "demo")
    assert (last.returncode, last.stdout.strip()) == (0, "No changes."), last.stdout + last.stderr
    assert_that_the_census_can_see(session, state_file(place))


def assert_that_the_census_can_see(session: AwsSession, file: Path) -> None:
    """Change the account in each way that a comparison must tell; without this, its silence would prove nothing."""
    ec2: Any = session.ec2
    group = next(one for one in take_inventory(session, "demo").ours if one.kind is ThingKind.SECURITY_GROUP)
    double = ec2.create_security_group(
        GroupName="double",
        Description="double",
        VpcId=group.vpc_id,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [TAGS[0], {"Key": "Name", "Value": group.name}]}],
    )
    (rule, *_) = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group.thing_id]}])[
        "SecurityGroupRules"
    ]
    revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
    revoke(GroupId=group.thing_id, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    session.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="demo-public", ForceDelete=True)
    told = compare_account(session, "demo", file)
    assert f"outside the state: security-group {double['GroupId']} ({group.name})" in told
    assert f"twice on AWS: security-group {group.name}" in told
    assert "missing on AWS: aws_autoscaling_group demo-public" in told
    assert [line for line in told if line.startswith(f"missing on AWS: security-group-rule {group.thing_id}")]
    # The rule that comes with a new group lets everything out.
    assert f"outside the state: security-group-rule {double['GroupId']} egress -1 -1 -1 0.0.0.0/0" in told


def test_masters_that_live_though_their_creation_broke_off_are_kept(place: Path, environ: dict[str, str]) -> None:
    session = open_session(environ["AWS_REGION"])
    with serve_between(environ, place) as (between, through):
        # As where a role may start instances and not look at them: Terraform has made them and marks them as broken.
        between.refuse("DescribeInstances", after="RunInstances")
        with Deploy(place, "demo", environ=through) as deploy:
            assert deploy.finish() == 1, deploy.tail
    masters = {one.instance_id for one in list_instances(session, "demo", role="master")}
    assert len(masters) == 3, deploy.tail

    plan = run_fleetkit(place, environ, "plan", "demo")
    assert plan.returncode == 3, plan.stdout + plan.stderr
    kept = re.findall(
        r'^module\.etcd\.aws_instance\.member\["(\w+)"\] lives .* not replaced$', plan.stderr, re.MULTILINE
    )
    assert sorted(kept) == ["etcd1", "etcd2", "etcd3"], plan.stderr
    assert "destroy" not in "\n".join(line for line in plan.stdout.splitlines() if "etcd" in line), plan.stdout

    with Deploy(place, "demo", environ=environ) as again:
        assert again.finish() == 0, again.tail
    assert {one.instance_id for one in list_instances(session, "demo", role="master")} == masters
    assert compare_account(session, "demo", state_file(place)) == []
    last = run_fleetkit(place, environ, "plan", "demo")
    assert (last.returncode, last.stdout.strip()) == (0, "No changes."), last.stdout + last.stderr


def test_a_state_in_s3_is_held_against_a_second_deploy_and_a_lock_left_behind_is_cleared_by_its_id(
    place: Path, environ: dict[str, str]
) -> None:
    session = open_session(environ["AWS_REGION"])
    where: Any = {"CreateBucketConfiguration": {"LocationConstraint": environ["AWS_REGION"]}}
    session.s3.create_bucket(Bucket="states-of-ours", **where)
    edit(place, r'^kind = "local".*', 'kind = "s3"\nbucket = "states-of-ours"\nkey = "demo/terraform.tfstate"')
    elsewhere = place / "other"
    shutil.copytree(place / "clusters", elsewhere / "clusters")
    workspace = open_workspace("demo", folder=elsewhere, environ=environ)
    planned_before = plan_deploy(workspace)
    assert run_fleetkit(place, environ, "unlock", "demo").returncode == 0

    with serve_between(environ, place) as (between, through):
        at_work = between.hold("CreateNatGateway")
        with Deploy(place, "demo", environ=through) as deploy:
            assert deploy.run_until(at_work), deploy.tail
            stored = list_objects(session, workspace.bucket)
            with pytest.raises(BusyError, match=r"apply by \S+@\S+ since 20"):
                apply_deploy(workspace, approve(planned_before, "demo"))
            assert not list((elsewhere / "clusters" / "demo").glob("pki/*")), "the second made certificates"
            # As after a handover; who has none of a cluster's certificates is told so before anything else.
            shutil.copytree(place / "clusters" / "demo" / "pki", elsewhere / "clusters" / "demo" / "pki")
            second = run_fleetkit(elsewhere, environ, "deploy", "demo", "--approve", "demo")
            assert second.returncode == 1, second.stdout + second.stderr
            assert re.search(r"found the state locked: apply by \S+@\S+ since 20", second.stderr), second.stderr
            assert list_objects(session, workspace.bucket) == stored, "the second changed what machines fetch"
            deploy.kill()

    plan = run_fleetkit(place, environ, "plan", "demo")
    assert plan.returncode == 1, plan.stdout + plan.stderr
    command = re.search(r"if nobody is at work any more: fleetkit (unlock demo (\S+))$", plan.stderr, re.MULTILINE)
    assert command, plan.stderr
    shown = run_fleetkit(place, environ, "unlock", "demo")
    assert (shown.returncode, command[1] in shown.stdout) == (3, True), shown.stdout + shown.stderr
    wrong = run_fleetkit(place, environ, "unlock", "demo", "0a-1b")
    assert wrong.returncode == 2, wrong.stdout + wrong.stderr
    assert command[2] in wrong.stderr
    cleared = run_fleetkit(place, environ, *command[1].split())
    assert cleared.returncode == 0, cleared.stdout + cleared.stderr
    again = run_fleetkit(place, environ, "plan", "demo")
    assert again.returncode == 3, again.stdout + again.stderr
    assert "unknown to the state: nat-gateway" in again.stderr
