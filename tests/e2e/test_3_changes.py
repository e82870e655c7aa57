"""A changed cluster file is pending until it is approved; what would take a master away is refused; one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from support.e2e_world import CLUSTER, World, wait_for

from fleetkit.workflows import open_workspace
from fleetkit.workflows._working_copy import open_working_copy

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def file_put_back(world: World) -> Iterator[None]:
    text = world.file.read_text()
    yield
    world.file.write_text(text)


def _fingerprint(world: World) -> tuple[object, ...]:
    """Return what a change would move: machines, pools and the state."""
    state = world.work / "clusters" / CLUSTER / "terraform" / "terraform.tfstate"
    groups = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return (
        sorted((one["InstanceId"], one["InstanceType"], one["State"]["Name"]) for one in world.instances()),
        sorted((one["AutoScalingGroupName"], one["DesiredCapacity"]) for one in groups),
        hashlib.sha256(state.read_bytes()).hexdigest(),
    )


def test_a_changed_file_is_pending_and_not_drift_and_waits_for_its_approval(world: World) -> None:
    before = _fingerprint(world)
    world.edit(r"^desired = 2$", "desired = 3")
    planned = world.fleetkit("plan", CLUSTER).must(3)
    assert 'module.workers["internal"].aws_autoscaling_group.this' in planned.out

    inspected = world.fleetkit("inspect", CLUSTER, "--json").must(3).json()["parts"]
    assert inspected["drift"]["findings"] == []
    assert inspected["pending"]["findings"] == ["1 changes are pending"]
    assert ["aws_autoscaling_group" in str(row) for row in inspected["pending"]["rows"]] == [True]

    refused = world.fleetkit("deploy", CLUSTER).must(4)
    assert f"--approve {CLUSTER}" in refused.err
    assert world.fleetkit("deploy", CLUSTER, "--approve", "other").must(4).out == refused.out
    assert _fingerprint(world) == before


def test_a_change_that_would_replace_a_master_is_refused_whoever_approves(world: World) -> None:
    before = _fingerprint(world)
    world.edit(r'^address = "10.10.5.100"$', 'address = "10.10.5.101"')
    refused = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(4)
    assert 'replaces a master: module.etcd.aws_instance.member["etcd3"]' in refused.err
    assert _fingerprint(world) == before
    # Health is asked where the file says that members are, so the file has to be right again.
    world.edit(r'^address = "10.10.5.101"$', 'address = "10.10.5.100"')
    assert world.health()["verdict"] == "healthy"


@pytest.mark.slow
def test_masters_that_the_file_grew_by_are_named_and_refused_and_nothing_is_made_for_them(world: World) -> None:
    before, text, folder = _fingerprint(world), world.file.read_text(), world.pki
    more = (("etcd4", "a", "10.10.3.101"), ("etcd5", "b", "10.10.4.101"))
    tables = [f'\n[masters.{name}]\nzone = "us-west-2{zone}"\naddress = "{at}"\n' for name, zone, at in more]
    world.file.write_text(text + "".join(tables))
    assert world.fleetkit("plan", CLUSTER, "--json").must(3).json()["strangers"] == ["etcd4", "etcd5"]
    refused = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(4)
    assert "names etcd4, etcd5" in refused.err
    assert _fingerprint(world) == before
    assert not [one for one in folder.rglob("*") if one.name in ("etcd4", "etcd5")]
    world.file.write_text(text)
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"


def _mend(world: World, *, shown: str, done: str) -> None:
    """See that the plan is not empty, that nothing happens without approval, and that a deploy mends it."""
    planned = world.fleetkit("plan", CLUSTER).must(3)
    assert shown in planned.out
    assert "No changes." not in planned.out
    assert "--approve demo" in world.fleetkit("deploy", CLUSTER).must(4).err
    assert shown in world.fleetkit("plan", CLUSTER, "--details").must(3).out
    deployed = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)
    assert f"Applied: no resources changed, {done};" in deployed.out
    assert "demo lives" in deployed.out
    assert world.fleetkit("plan", CLUSTER).must(0).out == "No changes.\n"


@pytest.mark.slow
def test_a_rule_that_somebody_added_is_a_change_though_terraform_sees_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = world.instances_of("bastion")[0]["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    world.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    # What an apply reads back takes the rule for part of the group; it is none of the cluster's all the same.
    for name, value in world.sandbox_variables.items():
        monkeypatch.setenv(name, value)
    open_working_copy(open_workspace(CLUSTER, folder=world.work, environ=world.environment)).refresh()
    found = world.findings("drift")
    assert len(found) == 1
    assert found[0].startswith("ingress tcp 22 from 0.0.0.0/0: ")
    assert found[0].endswith("and it lets the whole world in")
    _mend(
        world, shown=f"  - security-group-rule {group} ingress tcp 22 22 0.0.0.0/0: ", done="1 unknown things removed"
    )
    assert world.findings("drift") == []


@pytest.mark.slow
@pytest.mark.parametrize("role", ["master", "bastion"])
def test_a_machine_that_somebody_stopped_is_a_change_though_terraform_sees_none(world: World, role: str) -> None:
    machine = world.instances_of(role)[0]["InstanceId"]
    world.client("ec2").stop_instances(InstanceIds=[machine])
    wait_for("it to be stopped", lambda: machine in [one["InstanceId"] for one in world.instances("stopped")])
    _mend(world, shown=f"  > {role} {machine} ", done="1 machines started")
    assert world.health()["verdict"] == "healthy"


def test_of_two_deploys_at_once_the_second_says_so_and_changes_nothing(world: World) -> None:
    lock = world.work / "clusters" / CLUSTER / "lock.json"
    lock.write_text("")
    before = _fingerprint(world)
    first = world.start("fleetkit", "deploy", CLUSTER)
    try:
        wait_for("the first to be at work", lambda: '"pid": ' in lock.read_text())
        second = world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(1)
        assert f"process {first.pid}" in second.err
        assert "nothing was changed" in second.err
    finally:
        out, err = first.communicate(timeout=300)
    assert first.returncode == 0, err
    assert "Nothing to do" in out
    assert _fingerprint(world) == before
