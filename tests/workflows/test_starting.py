"""A master or bastion that somebody stopped is to be started; what goes anyway, and what keeps itself, is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.aws_moto import run_machine
from support.aws_world import World, surrounding_world

from fleetkit import aws
from fleetkit.core import StalePlanError
from fleetkit.terraform import Action, Plan, ResourceChange
from fleetkit.workflows import Reporter
from fleetkit.workflows.starting import Start, find_stopped, start_machines


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        found.write()
        yield found


def stop(world: World, *roles: str) -> dict[str, str]:
    """Make a machine of each role and stop it; return role to id."""
    made = {role: run_machine(world.session, cluster="demo", role=role, name=f"demo-{role}") for role in roles}
    world.session.ec2.stop_instances(InstanceIds=list(made.values()))
    return made


def find(world: World, *changes: ResourceChange, removed: tuple[str, ...] = ()) -> tuple[Start, ...]:
    return find_stopped(aws.list_instances(world.session, "demo"), plan=Plan(changes=changes), removed=removed)


def test_stopped_masters_and_bastions_are_found_and_started(world: World) -> None:
    run_machine(world.session, cluster="demo", role="master")
    made = stop(world, "master", "bastion", "internal", "deploy")
    starts = find(world)
    assert [(one.role, one.instance_id, one.state) for one in starts] == [
        ("bastion", made["bastion"], "stopped"),
        ("master", made["master"], "stopped"),
    ]
    assert str(starts[1]) == f"master {made['master']} (demo-master): it is stopped"
    notes: list[str] = []
    assert start_machines(world.open(), starts, told=Reporter(note=notes.append)) == tuple(map(str, starts))
    states = {one.instance_id: one.state for one in aws.list_instances(world.session, "demo")}
    assert states[made["master"]] == states[made["bastion"]] == "running"
    assert states[made["internal"]] == "stopped"
    assert notes[-1] == f"started master {made['master']} (demo-master)"
    assert find(world) == ()


def test_what_goes_anyway_is_not_started(world: World) -> None:
    made = stop(world, "master", "bastion")
    gone = ResourceChange(
        address="module.bastion.aws_instance.this",
        module="module.bastion",
        type="aws_instance",
        name="this",
        action=Action.REPLACE,
        before={"id": made["bastion"]},
    )
    assert [one.role for one in find(world, gone)] == ["master"]
    assert find(world, gone, removed=(made["master"],)) == ()


def test_one_that_is_gone_since_the_plan_was_made_makes_the_plan_stale(world: World) -> None:
    made = stop(world, "master")
    (start,) = find(world)
    world.session.ec2.terminate_instances(InstanceIds=[made["master"]])
    with pytest.raises(StalePlanError, match=made["master"]):
        start_machines(world.open(), (start,), told=Reporter())
    with pytest.raises(StalePlanError, match="i-0123"):
        start_machines(world.open(), (replace(start, instance_id="i-0123"),), told=Reporter())


def test_nothing_to_start_asks_nothing_of_aws(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert start_machines(world.open(), (), told=Reporter()) == ()
