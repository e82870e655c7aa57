"""``fleetkit etcd hash`` and ``alarms`` against a real etcd, without a cluster file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.cli import main

pytestmark = pytest.mark.sandbox


@pytest.fixture(autouse=True)
def no_etcdctl_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ETCDCTL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def full(running: EtcdCluster) -> Iterator[EtcdCluster]:
    """Lend a cluster of which one member has met its quota, as real ones do: by a write too many."""
    running.kill("etcd2")
    running.start("etcd2", ETCD_QUOTA_BACKEND_BYTES="100000")
    running.wait_healthy()
    assert running.etcdctl("put", "straw", "x" * 90_000, name="etcd2").returncode != 0
    yield running
    running.kill("etcd2")
    running.start("etcd2")
    running.etcdctl("alarm", "disarm")
    running.wait_healthy()


def options(cluster: EtcdCluster) -> list[str]:
    operator = cluster.pki.clients["operator"]
    return [
        "--endpoints", ",".join(urls(cluster)), "--cacert", str(cluster.pki.ca.certificate),
        "--cert", str(operator.certificate), "--key", str(operator.key),
    ]  # fmt: skip


def urls(cluster: EtcdCluster) -> list[str]:
    return [f"https://127.0.0.1:{member.client_port}" for member in cluster.members.values()]


def test_members_that_hold_the_same_end_with_zero(running: EtcdCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "hash", "--json", *options(running)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["agree"], told["comparable"]) == (True, True)
    assert len({one["hash"] for one in told["members"]}) == 1
    assert [one["differs"] for one in told["members"]] == [False] * 3
    assert main(["etcd", "hash", *options(running)]) == 0
    assert "3 members hold the same" in capsys.readouterr().out


def test_a_member_that_does_not_tell_its_hash_ends_with_three_and_none_with_one(
    running: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    running.kill("etcd3")
    try:
        assert main(["etcd", "hash", *options(running)]) == 3
        assert "2 members hold the same; " in capsys.readouterr().out
    finally:
        running.start("etcd3")
        running.wait_healthy()
    assert main(["etcd", "hash", "--endpoints", "http://127.0.0.1:1"]) == 1
    assert "no member told its hash" in capsys.readouterr().err


def test_without_alarms_there_is_nothing_to_disarm_and_nothing_to_approve(
    running: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["etcd", "alarms", "--disarm", *options(running)]) == 0
    assert capsys.readouterr().out == "no alarm is raised\n"


def test_an_alarm_is_listed_with_what_mends_it_and_disarmed_only_with_the_name(
    full: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["etcd", "alarms", "--json", *options(full)]) == 3
    told = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["alarm"]) for one in told["alarms"]] == [("etcd2", "NOSPACE")]
    (step,) = told["next"]
    assert step.index("compact") < step.index("defrag") < step.index("disarm")

    for approval in ([], ["--approve", "demo"]):
        assert main(["etcd", "alarms", "--disarm", *approval, *options(full)]) == 4
        assert "is not approved" in capsys.readouterr().err
        assert "NOSPACE" in full.etcdctl("alarm", "list").stdout

    name = urls(full)[0]
    assert main(["etcd", "alarms", "--disarm", "--approve", name, "--json", *options(full)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["alarms"], [one["name"] for one in told["disarmed"]]) == ([], ["etcd2"])
    assert full.etcdctl("alarm", "list").stdout.strip() == ""
