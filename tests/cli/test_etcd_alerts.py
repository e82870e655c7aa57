"""``fleetkit etcd alerts`` against any etcd: what it prints, and how it ends."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.etcd_metrics import member, scrape
from support.pki_made import LONG_AGO, MEMBERS, ZONE, make_demo_pki

from fleetkit import etcd
from fleetkit.cli import main
from fleetkit.cli._etcd_options import EtcdSource
from fleetkit.pki import renew_leaf

pytestmark = pytest.mark.usefixtures("no_etcdctl_settings")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


def options(cluster: EtcdCluster, *, certified: bool = True) -> list[str]:
    operator = cluster.pki.clients["operator"]
    urls = ",".join(f"https://127.0.0.1:{one.client_port}" for one in cluster.members.values())
    words = ["--endpoints", urls, "--cacert", str(cluster.pki.ca.certificate), "--every", "100ms"]
    return [*words, "--cert", str(operator.certificate), "--key", str(operator.key)] if certified else words


def test_one_that_fires_ends_with_three_and_is_told_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A condition has to hold for a minute at least, so what is seen in it is handed over instead of waited for."""
    seen = tuple(scrape(age, first=member(has_leader=False)) for age in (60, 30, 0))
    monkeypatch.setattr(etcd, "watch_metrics", lambda *_args, **_options: seen)
    assert main(["etcd", "alerts", "--endpoints", "127.0.0.1:1"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if "etcd" in line).split()[:3] == ["etcdNoLeader", "critical", "firing"]
    assert any(line.startswith("1 of 15 alerts of etcd fire (etcdNoLeader)") for line in lines)


@pytest.mark.parametrize("words", [["--scrapes", "0"], ["--every", "0s"], ["--every", "soon"]])
def test_wrong_use_ends_with_two(words: list[str]) -> None:
    assert main(["etcd", "alerts", "--endpoints", "127.0.0.1:1", *words]) == 2


def test_members_that_are_down_are_judged_and_not_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "alerts", "--endpoints", "127.0.0.1:1", "--scrapes", "1", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    down = next(one for one in told["alerts"] if one["name"] == "etcdMembersDown")
    assert (down["state"], down["value"], down["who"]) == ("not enough history", 1, ["http://127.0.0.1:1"])


@pytest.mark.parametrize("word", ["alerts", "health"])
def test_certificates_that_expire_are_named_with_the_command_that_renews_them(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_demo_pki(tmp_path / "pki")
    renew_leaf(tmp_path / "pki", "members/etcd2/server", members=MEMBERS, dns_zone=ZONE, now=LONG_AGO)
    masters = {name: SimpleNamespace(address=address) for name, address in MEMBERS.items()}
    workspace: Any = SimpleNamespace(
        cluster=SimpleNamespace(name="demo", masters=masters),
        paths=SimpleNamespace(pki=tmp_path / "pki", runs=tmp_path / "runs"),
    )

    @contextlib.contextmanager
    def open_nobody(_cluster: str | None, **_options: Any) -> Iterator[EtcdSource]:
        nobody, limits = (etcd.parse_endpoint("http://127.0.0.1:1"),), etcd.EtcdLimits(total_s=1)
        yield EtcdSource(
            endpoints=nobody,
            tls=etcd.TlsFiles(),
            limits=limits,
            read_health=lambda: etcd.read_health(nobody, limits=limits),
            workspace=workspace,
        )

    # Nobody listens there: what is said of certificates needs no member that answers.
    command = importlib.import_module(f"fleetkit.cli.etcd.{word}")
    monkeypatch.setattr(command, "open_source", open_nobody)
    monkeypatch.setattr("fleetkit.workflows.find_setback", lambda *_args, **_options: "")
    words = ["--scrapes", "1"] if word == "alerts" else []
    main(["etcd", word, "demo", *words])
    (told,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("certificates: ")]
    assert "members/etcd2/server first: expired" in told
    assert told.endswith("(fleetkit certificates rotate demo)")
    main(["etcd", word, "demo", "--json", *words])
    assert json.loads(capsys.readouterr().out)["certificates"] == told


@pytest.mark.sandbox
def test_a_well_cluster_has_no_alert_and_what_seconds_cannot_tell_is_said(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["etcd", "alerts", "--json", *options(cluster)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["scrapes"], told["earlier"], told["unread"]) == (2, 0, [])
    states = {(one["name"], one["severity"]): one["state"] for one in told["alerts"]}
    assert len(states) == 15
    assert states["etcdMembersDown", "warning"] == "quiet"
    assert states["etcdNoLeader", "critical"] == "quiet"
    assert states["etcdDatabaseQuotaLowSpace", "critical"] == "quiet"
    assert states["etcdHighNumberOfLeaderChanges", "warning"] == "not enough history"
    assert states["etcdExcessiveDatabaseGrowth", "warning"] == "not enough history"
    assert states["etcdGRPCRequestsSlow", "critical"] != "not measured"


@pytest.mark.sandbox
def test_without_a_certificate_nothing_can_be_said_and_it_ends_with_one(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["etcd", "alerts", *options(cluster, certified=False)]) == 1
    assert "no member could be asked for its metrics" in capsys.readouterr().err


@pytest.mark.sandbox
def test_the_time_of_requests_is_not_measured_where_etcd_is_not_told_to(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in cluster.members:
        cluster.kill(name)
    for name in cluster.members:
        cluster.start(name, ETCD_METRICS="basic")
    cluster.wait_healthy()
    assert main(["etcd", "alerts", "--json", *options(cluster)]) == 0
    slow = next(one for one in json.loads(capsys.readouterr().out)["alerts"] if one["name"] == "etcdGRPCRequestsSlow")
    assert (slow["state"], slow["reason"]) == ("not measured", "etcd measures it only with ETCD_METRICS=extensive")
