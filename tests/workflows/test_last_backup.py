"""Members that lost all their data begin anew and are healthy: what the bucket remembers of the last backup tells."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster

from fleetkit import aws, workflows
from fleetkit.cli import main
from fleetkit.core import FleetkitError
from fleetkit.workflows import (
    LastBackup,
    Reporter,
    Workspace,
    back_up_etcd,
    backing_up,
    find_setback,
    open_workspace,
)
from fleetkit.workflows._inspections import read_through_way
from fleetkit.workflows.last_backup import _KEY

pytestmark = pytest.mark.sandbox


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path / "etcd", size=1) as cluster:
        yield cluster


@pytest.fixture
def workspace(etcd: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Return the cluster demo, whose member is here, with its bucket."""
    write_cluster(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backing_up, "open_way_in", etcd.open_way)
    monkeypatch.setattr(workflows, "open_way_in", etcd.open_way)
    with emulated_aws():
        found = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
        aws.ensure_bucket(found.session, found.bucket, cluster="demo")
        yield found


def _setback(etcd: EtcdCluster, workspace: Workspace) -> str:
    with etcd.open_way(workspace) as way:
        return find_setback(workspace, way.endpoints, way.read_health(), tls=way.tls)


def _wipe(etcd: EtcdCluster) -> None:
    etcd.kill("etcd1")
    shutil.rmtree(etcd.members["etcd1"].folder / "data")
    etcd.start("etcd1")
    etcd.wait_healthy()


def _write(etcd: EtcdCluster, times: int = 10, *, key: str = "key") -> None:
    for number in range(times):
        assert etcd.etcdctl("put", key, str(number)).returncode == 0


def test_an_etcd_that_lost_its_data_is_healthy_and_yet_not_without_a_word(
    etcd: EtcdCluster, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(etcd)
    assert _setback(etcd, workspace) == "", "nothing is known of a cluster that was never backed up"
    first = back_up_etcd(workspace)
    assert main(["etcd", "health", "demo"]) == 0
    _wipe(etcd)

    capsys.readouterr()
    assert main(["etcd", "health", "demo"]) == 3
    told = capsys.readouterr().out
    assert "etcd is healthy: 1 of 1 voters serve" in told
    assert "etcd lost its data and began anew: it stands at" in told
    assert f"fleetkit etcd restore demo --from {workspace.folder / 'backups'}" in told
    with etcd.open_way(workspace) as way:
        quorum = read_through_way(workspace, way)["quorum"]
    assert any("began anew" in one for one in quorum.findings)

    notes: list[str] = []
    taken = back_up_etcd(workspace, report=Reporter(note=notes.append))
    assert any("began anew" in one for one in notes)
    assert (taken.outcome, "began anew" in str(taken)) == ("findings", True)
    assert main(["etcd", "backup", "demo"]) == 3
    assert "etcd lost its data and began anew" in capsys.readouterr().out
    lost = _setback(etcd, workspace)
    assert "began anew" in lost, "a backup of what is left does not make the loss forgotten"
    assert lost.endswith(f"--backup {first.kept.name}"), "nor is it the one that is put back"


def test_one_that_has_come_further_since_it_began_anew_is_told_by_what_it_held(
    etcd: EtcdCluster, workspace: Workspace
) -> None:
    _write(etcd)
    back_up_etcd(workspace)
    _wipe(etcd)
    _write(etcd, 30, key="new")
    assert "its values at revision 11 are not those at the last backup" in _setback(etcd, workspace)


def test_what_goes_on_from_a_backup_has_lost_nothing_compacted_or_not(etcd: EtcdCluster, workspace: Workspace) -> None:
    _write(etcd)
    assert back_up_etcd(workspace).outcome == "done"
    _write(etcd)
    assert _setback(etcd, workspace) == ""
    assert etcd.etcdctl("compact", "15").returncode == 0
    assert _setback(etcd, workspace) == ""


def test_another_cluster_than_was_backed_up_asks_for_a_word_and_a_new_backup_settles_it(
    etcd: EtcdCluster, workspace: Workspace
) -> None:
    taken = back_up_etcd(workspace)
    other = replace(taken.last, cluster_id="abc", raft_index=99999)
    aws.put_object(workspace.session, workspace.bucket, key=_KEY, content=other.to_json(), always=True)
    assert "another cluster" in _setback(etcd, workspace)
    back_up_etcd(workspace)
    assert _setback(etcd, workspace) == ""


def test_where_the_bucket_cannot_tell_health_is_etcds_own_and_an_inspection_says_unknown(
    etcd: EtcdCluster, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up_etcd(workspace)
    aws.put_object(workspace.session, workspace.bucket, key=_KEY, content=b"{}", always=True)
    with pytest.raises(FleetkitError, match="does not tell of a backup"):
        LastBackup.from_json(b"{}")
    assert main(["etcd", "health", "demo"]) == 0
    assert "whether etcd holds what the last backup held is not known" in capsys.readouterr().err
    with etcd.open_way(workspace) as way:
        assert "whether it holds what the last backup held" in read_through_way(workspace, way)["quorum"].unknown
    aws.delete_bucket(workspace.session, workspace.bucket)
    notes: list[str] = []
    assert back_up_etcd(workspace, report=Reporter(note=notes.append)).kept.state == "unproven"
    assert any("does not remember this backup" in one for one in notes)
