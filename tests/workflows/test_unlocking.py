"""A lock on a state in S3 is told with its owner, held by one at a time, and cleared by nothing but its own id."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.aws_world import World, surrounding_world

from fleetkit.aws import put_object, read_object
from fleetkit.cli import main
from fleetkit.core import BusyError, NotFoundError, TerraformError
from fleetkit.workflows import clear_lock, find_lock, open_workspace
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.unlocking import hold_everywhere, refuse_locked

S3 = {"state.kind": "s3", "state.bucket": "states", "state.key": "demo/terraform.tfstate"}
LOCK = {"ID": "0a-1b", "Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-22T23:00:00Z"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        where = {"CreateBucketConfiguration": {"LocationConstraint": found.session.region}}
        found.session.s3.create_bucket(Bucket="states", **where)  # type: ignore[arg-type]
        yield found


def lock(world: World, content: bytes | None = None) -> None:
    content = json.dumps(LOCK).encode() if content is None else content
    put_object(world.session, "states", key="demo/terraform.tfstate.tflock", content=content)


def test_a_state_that_nobody_holds_is_free(world: World) -> None:
    world.write(**S3)
    assert find_lock(world.open()) is None
    refuse_locked(world.open())


def test_a_state_in_a_file_has_no_lock_to_clear(world: World) -> None:
    world.write()
    lock(world)
    assert find_lock(world.open()) is None
    with pytest.raises(NotFoundError, match="the state of demo has no lock 0a-1b"):
        clear_lock(world.open(), "0a-1b")


def test_a_lock_holds_back_and_says_whose_it_is_and_what_clears_it(world: World) -> None:
    world.write(**S3)
    lock(world)
    with pytest.raises(BusyError, match="apply by ann@desk since 2026-11-22T23:00:00Z") as caught:
        refuse_locked(world.open())
    assert "fleetkit unlock demo 0a-1b" in str(caught.value.hint)


def test_a_lock_in_the_bucket_of_another_account_is_seen(world: World) -> None:
    def judge_owner(params: dict[str, Any], **_: object) -> None:
        """Refuse as S3 does, which moto does not."""
        if params["headers"].get("x-amz-expected-bucket-owner", "999999999999") != "999999999999":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")

    world.write(**S3)
    lock(world)
    workspace = world.open()
    workspace.session.s3.meta.events.register("before-call.s3.GetObject", judge_owner)
    found = find_lock(workspace)
    assert found is not None
    assert found.lock_id == "0a-1b"


def test_only_the_lock_that_was_seen_is_cleared(world: World) -> None:
    world.write(**S3)
    lock(world)
    with pytest.raises(NotFoundError, match=r"has no lock 9z: known: 0a-1b \(apply by ann@desk"):
        clear_lock(world.open(), "9z")
    assert find_lock(world.open()) is not None


def test_nothing_is_cleared_while_this_computer_is_at_work(world: World) -> None:
    world.write(**S3)
    lock(world)
    workspace = world.open()
    with hold_cluster(workspace.paths.folder, operation="deploy"), pytest.raises(BusyError, match="deploy by"):
        clear_lock(workspace, "0a-1b")


def elsewhere(world: World) -> Workspace:
    """Return the cluster as another operator has it, on another computer."""
    shutil.copytree(world.folder / "clusters", world.folder / "elsewhere" / "clusters", ignore=lambda *_: ["demo"])
    return open_workspace(folder=world.folder / "elsewhere", environ=world.environ)


def test_two_operators_on_two_computers_do_not_work_at_once(world: World) -> None:
    world.write(**S3)
    here, there = world.open(), elsewhere(world)
    with hold_everywhere(here, operation="restore", told=Reporter()):
        with (
            pytest.raises(BusyError, match=r"at work on demo: restore by \S+@\S+ since 20") as caught,
            hold_everywhere(there, operation="rotation of certificates", told=Reporter()),
        ):
            pass
        lock = find_lock(there)
        assert lock is not None
        assert f"fleetkit unlock demo {lock.lock_id}" in str(caught.value.hint)
        with pytest.raises(BusyError, match="restore by"):
            refuse_locked(there)
    with hold_everywhere(there, operation="rotation of certificates", told=Reporter()):
        assert "rotation of certificates by" in str(find_lock(here))
    assert find_lock(here) is None


def test_an_error_lets_go_of_the_state(world: World) -> None:
    world.write(**S3)
    with pytest.raises(ZeroDivisionError), hold_everywhere(world.open(), operation="restore", told=Reporter()):
        raise ZeroDivisionError
    assert find_lock(world.open()) is None


def leave_behind(workspace: Workspace) -> None:
    """Leave what a kill in the middle of a restore leaves."""
    note, key = workspace.paths.folder / "state-lock.json", "demo/terraform.tfstate.tflock"
    with hold_everywhere(workspace, operation="restore", told=Reporter()):
        kept = note.read_bytes()
        assert read_object(workspace.session, "states", key=key) == kept
    note.write_bytes(kept)
    put_object(workspace.session, "states", key=key, content=kept)


def test_a_lock_that_a_kill_left_is_taken_over_by_the_computer_whose_it_is_and_by_no_other(world: World) -> None:
    world.write(**S3)
    here, there, said = world.open(), elsewhere(world), list[str]()
    leave_behind(here)
    with (
        pytest.raises(BusyError, match="restore by"),
        hold_everywhere(there, operation="replacement of etcd1", told=Reporter()),
    ):
        pass
    with hold_everywhere(here, operation="restore", told=Reporter(note=said.append)):
        assert find_lock(there) is not None
    assert said[0].startswith("taking over the lock that was left behind here: restore by")
    assert find_lock(here) is None


def test_a_lock_that_a_kill_left_is_no_longer_ours_once_somebody_cleared_it(world: World) -> None:
    world.write(**S3)
    here = world.open()
    leave_behind(here)
    put_object(here.session, "states", key="demo/terraform.tfstate.tflock", content=json.dumps(LOCK).encode())
    with pytest.raises(BusyError, match="apply by ann@desk"), hold_everywhere(here, operation="x", told=Reporter()):
        pass


def test_the_lock_of_another_who_cleared_ours_is_left_alone(world: World) -> None:
    world.write(**S3)
    said: list[str] = []
    with hold_everywhere(world.open(), operation="restore", told=Reporter(note=said.append)):
        lock(world)
    assert said == ["the lock of the state was taken away meanwhile; now: apply by ann@desk since 2026-11-22T23:00:00Z"]
    found = find_lock(world.open())
    assert found is not None
    assert found.lock_id == "0a-1b"


def test_a_state_in_a_file_is_held_by_the_kernel_alone(world: World) -> None:
    world.write()
    with (
        hold_everywhere(world.open(), operation="restore", told=Reporter()),
        pytest.raises(BusyError, match="restore by"),
        hold_cluster(world.open().paths.folder, operation="deploy"),
    ):
        pass
    assert not (world.open().paths.folder / "state-lock.json").exists()


def test_what_is_no_lock_is_not_taken_for_one(world: World) -> None:
    world.write(**S3)
    lock(world, b"{}")
    with pytest.raises(TerraformError, match="no lock of Terraform's"):
        find_lock(world.open())


def test_the_command_shows_the_lock_and_the_command_that_clears_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write(**S3)
    monkeypatch.chdir(world.folder)
    assert main(["unlock", "demo"]) == 0
    assert capsys.readouterr().out == "the state of demo is not locked\n"
    lock(world)
    assert main(["unlock", "demo"]) == 3
    shown = capsys.readouterr().out
    assert "is locked: apply by ann@desk since 2026-11-22T23:00:00Z" in shown
    assert shown.endswith("clear it with: fleetkit unlock demo 0a-1b\n")
    assert main(["unlock", "demo", "9z"]) == 2


def test_the_command_tells_the_lock_as_json(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write(**S3)
    monkeypatch.chdir(world.folder)
    assert main(["unlock", "demo", "--json"]) == 0
    free = {"cluster": "demo", "locked": False, "cleared": False, "lock": None}
    assert json.loads(capsys.readouterr().out) == free
    lock(world)
    assert main(["unlock", "demo", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["locked"], told["lock"]["lock_id"], told["lock"]["who"]) == (True, "0a-1b", "ann@desk")
