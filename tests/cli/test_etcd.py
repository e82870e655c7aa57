"""``fleetkit etcd`` against any etcd, without a cluster file: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.pki_made import LONG_AGO, ca_of, issue

from fleetkit.cli import main
from fleetkit.cli._durations import parse_duration

pytestmark = pytest.mark.usefixtures("no_etcdctl_settings")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: EtcdCluster) -> Iterator[EtcdCluster]:
    """Lend the running cluster, and mend afterwards what the test did to it."""
    yield running
    running.mend()


def options(cluster: EtcdCluster) -> list[str]:
    operator = cluster.pki.clients["operator"]
    urls = ",".join(f"https://127.0.0.1:{member.client_port}" for member in cluster.members.values())
    return [
        "--endpoints", urls, "--cacert", str(cluster.pki.ca.certificate),
        "--cert", str(operator.certificate), "--key", str(operator.key), "--command-timeout", "1500ms",
    ]  # fmt: skip


def test_durations_are_read_as_etcdctl_writes_them() -> None:
    assert [parse_duration(text) for text in ("5s", "500ms", "1m30s", "2")] == [5, 0.5, 90, 2]


@pytest.mark.parametrize("text", ["", "0s", "-1s", "5 s", "s", "1x", "1s2"])
def test_what_is_no_duration_is_wrong_use(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "health", "--endpoints", "127.0.0.1:1", "--command-timeout", text]) == 2
    assert "is not a duration" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--endpoints", "ftp://127.0.0.1"], "is not an endpoint of etcd"),
        (["--endpoints", "https://127.0.0.1:1", "--cacert", "no.crt"], "no.crt is not there"),
        (["--endpoints", "https://127.0.0.1:1", "--cert", "no.crt"], "without its key"),
        (["demo", "--endpoints", "https://127.0.0.1:1"], "leave it out, or leave out CLUSTER"),
    ],
)
def test_wrong_use_ends_with_two(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "health", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_nothing_that_listens_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "health", "--endpoints", "127.0.0.1:1"]) == 3
    assert "nothing listens on 127.0.0.1:1" in capsys.readouterr().out
    assert main(["etcd", "status", "--endpoints", "127.0.0.1:1"]) == 1
    assert main(["etcd", "members", "--endpoints", "127.0.0.1:1"]) == 1
    assert "could not be read from any member" in capsys.readouterr().err


def test_the_table_of_tolerance_is_etcds() -> None:
    program = [sys.executable, "-m", "fleetkit.cli", "etcd", "tolerance", "--json"]
    rows = json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
    assert {row["members"]: row["tolerates"] for row in rows} == {1: 0, 3: 1, 5: 2, 7: 3, 9: 4}


@pytest.mark.sandbox
def test_health_as_json_has_exactly_the_promised_form(cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "health", "--json", *options(cluster)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["verdict", "tolerates", "setback", "certificates", "below_floor", "members"]
    assert told["below_floor"] == dict.fromkeys(["etcd1", "etcd2", "etcd3"], "3.5.1")
    assert (told["verdict"], told["tolerates"], told["setback"]) == ("healthy", 1, "")
    assert [list(member) for member in told["members"]] == [["name", "id", "healthy", "reason", "took_ms"]] * 3
    assert [member["name"] for member in told["members"]] == ["etcd1", "etcd2", "etcd3"]
    assert all(member["healthy"] is True and member["reason"] == "" for member in told["members"])


@pytest.mark.sandbox
def test_etcdctls_variables_are_read(
    cluster: EtcdCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = options(cluster)
    for name, value in zip(words[::2], words[1::2], strict=True):
        monkeypatch.setenv(f"ETCDCTL_{name[2:].upper().replace('-', '_')}", value)
    assert main(["etcd", "members", "--json"]) == 0
    assert {member["name"] for member in json.loads(capsys.readouterr().out)["members"]} == set(cluster.members)


@pytest.mark.sandbox
def test_a_paused_member_ends_with_three_and_two_down_too(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    leader = cluster.leader()
    first, second = (name for name in cluster.members if name != leader)
    cluster.pause(first)
    assert main(["etcd", "health", *options(cluster)]) == 3
    assert "etcd is degraded: 2 of 3 voters serve, 2 are a quorum, 0 more may fail" in capsys.readouterr().out
    assert main(["etcd", "status", "--json", *options(cluster)]) == 3
    members = {member["name"]: member for member in json.loads(capsys.readouterr().out)["members"]}
    assert [("error" in member) for member in members.values()].count(True) == 1
    cluster.kill(second)
    assert main(["etcd", "health", "--json", *options(cluster)]) == 3
    assert json.loads(capsys.readouterr().out)["verdict"] == "lost"


@pytest.mark.sandbox
def test_an_expired_certificate_of_our_own_could_not_be_read_and_says_why(
    cluster: EtcdCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = options(cluster)
    old = issue(tmp_path, "old", ca=ca_of(cluster.pki), now=LONG_AGO)
    words[words.index("--cert") + 1] = str(old.certificate)
    words[words.index("--key") + 1] = str(old.key)
    assert main(["etcd", "health", "--json", *words]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "unknown"
    assert all("our own client certificate expired on" in member["reason"] for member in told["members"])


@pytest.mark.sandbox
def test_status_is_a_table_with_one_leader(cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "status", *options(cluster)]) == 0
    table = capsys.readouterr().out
    assert table.count("leader") == 1
    assert table.count("follower") == 2
    assert table.count("3.5.1 (below 3.5.33, the oldest for real machines)") == 3
