"""A destroy removes what is the cluster's wherever it lies, leaves and names what is not, and proves emptiness."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.e2e_world import BACKUP_BUCKET, CLUSTER, TAG, World

from fleetkit.core import data_folder
from fleetkit.runs import EventKind, read_journal

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

_ZONE = "us-west-2a"


def _launch(world: World, subnet: str, tags: list[dict[str, str]]) -> str:
    image = world.instances_of("public")[0]["ImageId"]
    specification = [{"ResourceType": "instance", "Tags": tags}] if tags else []
    answer = world.client("ec2").run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subnet, TagSpecifications=specification
    )
    return str(answer["Instances"][0]["InstanceId"])


def _plant(world: World, *, ours: bool) -> dict[str, str]:
    """Put one thing of each kind beside the cluster, with its tag or without, and return kind to id."""
    ec2, logs = world.client("ec2"), world.client("logs")
    tags = [{"Key": TAG, "Value": CLUSTER}] if ours else []
    word = "ours" if ours else "theirs"
    inside = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [world.vpc_id()]}])["Subnets"]
    subnet = sorted(one["SubnetId"] for one in inside)[0]
    outside = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]["SubnetId"]
    found = {
        "instance": _launch(world, subnet, tags),
        "instance outside": _launch(world, outside, tags),
        "interface": ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"],
        "interface outside": ec2.create_network_interface(SubnetId=outside)["NetworkInterface"]["NetworkInterfaceId"],
        "volume": ec2.create_volume(AvailabilityZone=_ZONE, Size=8)["VolumeId"],
    }
    found["snapshot"] = ec2.create_snapshot(VolumeId=found["volume"])["SnapshotId"]
    if ours:
        ec2.create_tags(Resources=list(found.values()), Tags=tags)
    found["log group"] = f"/somewhere/{word}"
    logs.create_log_group(logGroupName=found["log group"], tags={one["Key"]: one["Value"] for one in tags})
    return found


def _there(world: World) -> set[str]:
    """Return the ids of all that could have been planted and is still there."""
    ec2 = world.client("ec2")
    reservations = ec2.describe_instances()["Reservations"]
    instances = [one for group in reservations for one in group["Instances"]]
    return {
        *(one["InstanceId"] for one in instances if one["State"]["Name"] != "terminated"),
        *(one["NetworkInterfaceId"] for one in ec2.describe_network_interfaces()["NetworkInterfaces"]),
        *(one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]),
        *(one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]),
        *(one["logGroupName"] for one in world.client("logs").describe_log_groups()["logGroups"]),
    }


@pytest.fixture(scope="module")
def planted(world: World) -> dict[str, dict[str, str]]:
    return {"ours": _plant(world, ours=True), "theirs": _plant(world, ours=False)}


@pytest.fixture(scope="module")
def refused(world: World, planted: dict[str, dict[str, str]]) -> Any:
    """Destroy while the final backup cannot be kept where it is to go."""
    before = _there(world)
    approve = ("-p", "approve", CLUSTER, "-p", "place", "clusters/demo.toml")
    ended = world.fleetkit("run", "destroy-cluster", "--cluster", CLUSTER, *approve)
    assert _there(world) == before
    return ended


@pytest.fixture(scope="module")
def held(world: World, planted: dict[str, dict[str, str]], refused: Any) -> Any:
    """Destroy while strangers lie in the VPC."""
    return world.fleetkit("destroy", CLUSTER, "--approve", CLUSTER)


def test_a_destroy_that_nobody_approved_names_what_would_go_and_what_not(
    world: World, planted: dict[str, dict[str, str]]
) -> None:
    before = _there(world)
    ended = world.fleetkit("destroy", CLUSTER).must(4)
    ours, _, theirs = ended.out.partition("not ours, and left alone")
    for thing in planted["ours"].values():
        assert thing in ours
    assert planted["theirs"]["instance"] in theirs
    assert planted["theirs"]["interface"] in theirs
    listed = [line for line in theirs.splitlines() if line.startswith("  - ")]
    assert len(listed) == 2, "the cluster's own is named as somebody else's"
    assert _there(world) == before
    assert len(world.instances()) == 9 + 2


def test_without_a_final_backup_that_can_be_kept_nothing_is_removed_and_the_record_says_why(
    world: World, refused: Any
) -> None:
    refused.must(4)
    assert "no final backup of demo could be made and proven, so nothing of it was removed" in refused.err
    assert "--no-backup" in refused.err
    assert world.health()["verdict"] == "healthy"
    record = sorted((world.work / "runs" / CLUSTER).glob("*destroy*"))[-1]
    assert json.loads((record / "run.json").read_text())["outcome"] == "refused"
    assert not [one for one in read_journal(record) if one.kind in {EventKind.APPROVAL, EventKind.CHANGE}]


def test_what_etcd_held_at_last_is_kept_and_proven(world: World, refused: Any, held: Any) -> None:
    (told,) = [line for line in held.out.splitlines() if line.startswith("Backed up and proven")]
    newest = world.fleetkit("etcd", "backups", CLUSTER, "--json").must(0).json()["backups"][0]
    assert newest["state"] == "proven"
    assert told.endswith(f"{world.work}/backups/{CLUSTER}/{newest['name']}")
    drilled = world.fleetkit("etcd", "drill", CLUSTER, "--json").must(0).json()
    assert any("keys of the v2 store" in one and not one.startswith("0 ") for one in drilled["compared"])


def test_what_bears_the_tag_is_removed_and_what_does_not_stays(
    world: World, planted: dict[str, dict[str, str]], held: Any
) -> None:
    left = _there(world)
    assert left.isdisjoint(planted["ours"].values()), held.text[-3000:]
    assert left.issuperset(planted["theirs"].values())
    assert world.instances("pending", "running", "stopping", "stopped") == []


def test_what_holds_the_vpc_is_named_and_the_destroy_ends(planted: dict[str, dict[str, str]], held: Any) -> None:
    held.must(1)
    assert planted["theirs"]["instance"] in held.err.rpartition("error:")[2]
    assert planted["theirs"]["interface"] in held.err.rpartition("error:")[2]


def test_once_the_strangers_have_left_a_destroy_ends_in_emptiness(
    world: World, planted: dict[str, dict[str, str]], held: Any
) -> None:
    ec2, theirs = world.client("ec2"), planted["theirs"]
    ec2.terminate_instances(InstanceIds=[theirs["instance"]])
    ec2.delete_network_interface(NetworkInterfaceId=theirs["interface"])
    ended = world.fleetkit("run", "destroy-cluster", "--cluster", CLUSTER, "--approve", CLUSTER).must(0)
    assert f"nothing of {CLUSTER} is left" in ended.text
    record = sorted((world.work / "runs" / CLUSTER).glob("*destroy*"))[-1]
    assert json.loads((record / "run.json").read_text())["outcome"] == "done"
    verified = next(one.data for one in read_journal(record) if one.kind is EventKind.VERIFIED)
    assert (verified["what"], verified["ok"], verified["left"]) == ("emptiness", True, [])
    (last,) = [one.data for one in read_journal(record) if one.data.get("about") == "final backup"]
    assert (last["reason"], last["address"]) == ("it has no master on AWS", "")
    assert ", proven" in last["known"]
    report = (record / "report.html").read_text()
    assert "Certificate of emptiness" in report
    assert "kept on purpose" in report
    assert _there(world).issuperset({theirs["instance outside"], theirs["volume"], theirs["log group"]})


def test_nothing_of_the_cluster_is_on_aws_any_more(world: World, held: Any) -> None:
    ec2, tagged = world.client("ec2"), [{"Name": f"tag:{TAG}", "Values": [CLUSTER]}]
    assert ec2.describe_vpcs(Filters=tagged)["Vpcs"] == []
    assert ec2.describe_security_groups(Filters=tagged)["SecurityGroups"] == []
    assert ec2.describe_addresses(Filters=tagged)["Addresses"] == []
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert world.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert world.client("route53").list_hosted_zones()["HostedZones"] == []
    # The bucket of the backups is the operator's own: it outlasts the cluster.
    buckets = {one["Name"] for one in world.client("s3").list_buckets()["Buckets"]}
    assert buckets <= {BACKUP_BUCKET}
    roles = [one["RoleName"] for one in world.client("iam").list_roles()["Roles"]]
    assert [one for one in roles if one.startswith(f"fleetkit-{CLUSTER}-")] == []


def test_plain_papermill_finds_nothing_to_destroy_and_certifies_it_again(world: World, held: Any) -> None:
    notebook = data_folder("notebooks") / "destroy" / "90-destroy-cluster.ipynb"
    world.run("papermill", str(notebook), "out.ipynb", "-p", "cluster", CLUSTER).must(0)
    record = sorted((world.work / "runs" / CLUSTER).glob("*destroy*"))[-1]
    run = json.loads((record / "run.json").read_text())
    assert (run["outcome"], run["way"]) == ("done", "unattended")
    assert f"nothing of {CLUSTER} is left" in run["summary"]


def test_forgetting_leaves_records_alone(world: World, held: Any) -> None:
    records = {one for one in (world.work / "runs").rglob("*") if one.is_file()}
    ended = world.fleetkit("destroy", CLUSTER, "--forget", "--json").must(0)
    assert f"nothing of {CLUSTER} is left" in ended.err
    told = ended.json()
    assert (told["emptiness"]["left"], told["emptiness"]["bucket"]) == ([], "")
    assert told["forgotten"]
    assert list((world.work / "clusters").iterdir()) == []
    left = {one for one in (world.work / "runs").rglob("*") if one.is_file()}
    assert left - records == {world.work / "runs" / CLUSTER / f"{CLUSTER}.toml"}
    assert records <= left
