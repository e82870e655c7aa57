"""Backups of a deployed cluster through its tunnel, by notebook, papermill and command, and each proven by a drill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.e2e_world import BACKUP_BUCKET, CLUSTER, World

from fleetkit.core import data_folder
from fleetkit.etcd import read_backup

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def test_a_backup_by_notebook_holds_what_fleet_knows_and_is_proven_by_the_other_notebook(world: World) -> None:
    world.fleetkit("run", "back-up-etcd", "--cluster", CLUSTER).must(0)
    (made,) = world.fleetkit("etcd", "backups", CLUSTER, "--json").must(0).json()["backups"]
    assert made["state"] == "unproven"
    archive = read_backup(world.work / "backups" / CLUSTER / made["name"], cluster=CLUSTER)
    assert {member.name for member in archive.manifest.members} == {"etcd1", "etcd2", "etcd3"}
    assert any(node.key.startswith("/_coreos.com/fleet/machines/") for node in archive.tree.nodes())
    world.fleetkit("run", "drill-restore", "--cluster", CLUSTER).must(0)
    (proven,) = world.fleetkit("etcd", "backups", CLUSTER, "--json").must(0).json()["backups"]
    assert (proven["name"], proven["state"]) == (made["name"], "proven")
    for name in ("back-up-etcd", "drill-restore"):
        shown = world.fleetkit("runs", "list", CLUSTER, "--notebook", name, "--json").must(0).json()
        assert [one["outcome"] for one in shown] == ["done"]


@pytest.mark.slow
def test_backups_by_papermill_and_by_command_go_to_a_bucket_that_outlasts_the_cluster(world: World) -> None:
    world.make_backup_bucket()
    place = f"s3://{BACKUP_BUCKET}/etcd"
    shelf = data_folder("notebooks") / "backup"
    world.fleetkit("etcd", "backup", CLUSTER, "--to", place).must(0)
    for notebook in ("40-back-up-etcd", "42-drill-restore"):
        world.run(
            "papermill", str(shelf / f"{notebook}.ipynb"), "out.ipynb", "-p", "cluster", CLUSTER, "-p", "place", place
        ).must(0)
    listed = world.fleetkit("etcd", "backups", CLUSTER, "--from", place, "--json").must(0).json()["backups"]
    assert [one["state"] for one in listed] == ["proven", "unproven"]
    executed = json.loads(Path(world.work / "out.ipynb").read_text())
    shown = [out["data"]["text/html"] for cell in executed["cells"] for out in cell.get("outputs", []) if "data" in out]
    assert any("is proven: RPO" in "".join(one) for one in shown)
