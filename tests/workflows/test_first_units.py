"""What the deploy host sends to fleet: read from its folder, and refused before anything can be fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_world import World, surrounding_world

from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.pki import ClusterPki
from fleetkit.workflows import Workspace
from fleetkit.workflows._first_units import read_first_units
from fleetkit.workflows.bucket_keys import deploy_mark_key
from fleetkit.workflows.supplying import ensure_certificates, find_pending_deliveries, supply_bucket

FILES = {
    "web@.service": "[Service]\nExecStart=/bin/sleep 9\n",
    "web-presence@.service": "[Unit]\nBindsTo=web@%i.service\n[Service]\nExecStart=/bin/sleep 9\n",
    "a.timer": "[Timer]\nOnCalendar=daily\nUnit=tidy.service\n",
    "tidy.service": "[Service]\nExecStart=/bin/true\n",
}
KEY = "roles/deploy/files/etc/fleetkit/units"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        yield found


def describe(world: World, *, instances: tuple[str, ...] = (), **files: str) -> Workspace:
    """Return the cluster with a deploy host that starts these files beside those above."""
    world.write(**{"deploy_host.enabled": True, "deploy_host.units": "units", "deploy_host.instances": list(instances)})
    workspace = world.open()
    (workspace.folder / "units").mkdir(exist_ok=True)
    for name, text in {**FILES, **files}.items():
        (workspace.folder / "units" / name).write_text(text)
    return workspace


def read(workspace: Workspace) -> dict[str, str]:
    """Return what is sent: the last part of each path to the state that is asked for, in order."""
    lines = read_first_units(workspace).decode("ascii").splitlines()
    return {
        path.rpartition("/")[2]: json.loads(body)["desiredState"] for path, body in (one.split(" ", 1) for one in lines)
    }


def test_templates_are_kept_and_all_else_is_launched_after_what_it_waits_for(world: World) -> None:
    workspace = describe(world, instances=("{web-presence,web}@{1..2}.service",))
    names = list(sent := read(workspace))
    assert {name for name, state in sent.items() if state == "inactive"} == {
        "web%40.service",
        "web-presence%40.service",
    }
    assert {name for name, state in sent.items() if state == "launched"} == {
        "a.timer", "tidy.service", "web%401.service", "web%402.service",
        "web-presence%401.service", "web-presence%402.service",
    }  # fmt: skip
    assert names.index("tidy.service") < names.index("a.timer")
    assert names.index("web%402.service") < names.index("web-presence%402.service")


def test_without_a_folder_nothing_is_sent(world: World) -> None:
    world.write(**{"deploy_host.enabled": True})
    assert read_first_units(world.open()) == b""


def test_what_cannot_be_sent_is_refused(world: World) -> None:
    with pytest.raises(NotFoundError, match=r"names db@1\.service, and units has no db@\.service"):
        read_first_units(describe(world, instances=("db@1.service",)))
    with pytest.raises(PreconditionError, match=r"(?s)x\.service:2: .*fleetkit units lint units"):
        read_first_units(describe(world, **{"x.service": f"[Service]\nExecStart=/bin/{'x' * 2048}\n"}))
    world.write(**{"deploy_host.enabled": True, "deploy_host.units": "elsewhere"})
    with pytest.raises(NotFoundError, match=r"there is no .*elsewhere"):
        read_first_units(world.open())


@pytest.fixture
def workspace(world: World) -> Workspace:
    return describe(world)


@pytest.fixture
def pki(workspace: Workspace) -> ClusterPki:
    return ensure_certificates(workspace)


def test_the_host_fetches_what_it_sends_and_an_edit_is_seen_until_it_has_done_its_work(
    workspace: Workspace, pki: ClusterPki
) -> None:
    put = supply_bucket(workspace, pki)
    assert KEY in put
    stored = workspace.session.s3.get_object(Bucket=workspace.bucket, Key=KEY)["Body"].read()
    assert stored == read_first_units(workspace)
    (workspace.folder / "units" / "tidy.service").write_text("[Service]\nExecStart=/bin/false\n")
    assert "what roles/deploy fetches (it changed)" in find_pending_deliveries(workspace)
    assert supply_bucket(workspace, pki) == (KEY, "roles/deploy/manifest")
    workspace.session.s3.put_object(Bucket=workspace.bucket, Key=deploy_mark_key(), Body=b"")
    (workspace.folder / "units" / "tidy.service").write_bytes(b"\xff")
    assert find_pending_deliveries(workspace) == ()
    assert supply_bucket(workspace, pki) == ()


def test_a_plan_for_files_that_fleet_does_not_take_is_refused_and_puts_nothing(
    workspace: Workspace, pki: ClusterPki
) -> None:
    (workspace.folder / "units" / "web@.service").write_bytes(b"\xff")
    with pytest.raises(PreconditionError):
        find_pending_deliveries(workspace)
    with pytest.raises(PreconditionError):
        supply_bucket(workspace, pki)
    assert workspace.session.s3.list_objects_v2(Bucket=workspace.bucket, Prefix="roles/").get("KeyCount") == 0
