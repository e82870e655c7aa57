"""``fleetkit etcd tune`` on real members: it says what their raw metrics say, and how it ends."""

from __future__ import annotations

import base64
import itertools
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.cli import main
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd._http import Call, make_context

pytestmark = pytest.mark.usefixtures("no_etcdctl_settings")

PATIENCE = Patience(deadline_s=60, interval_s=0.2)
MEBIBYTE = 1024**2


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    """Run a cluster that syncs its disks, with one member of a quota of its own, until it has measured its peers."""
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        for name in cluster.members:
            cluster.kill(name)
        for name in cluster.members:
            quota = str((16 if name == "etcd3" else 64) * MEBIBYTE)
            cluster.start(name, ETCD_UNSAFE_NO_FSYNC="false", ETCD_QUOTA_BACKEND_BYTES=quota)
        cluster.wait_healthy()
        wait_until(lambda: _has_probed(cluster), what="etcd1 to have probed its peers", patience=PATIENCE)
        yield cluster


def _call(cluster: EtcdCluster) -> Call:
    return Call(cluster.endpoints()[0], context=make_context(cluster.tls), deadline=time.monotonic() + 30)


def _fill(cluster: EtcdCluster, name: str, *, share: float) -> None:
    """Write until a member's database has that share of its quota of 16 MiB, however many pages a value takes there."""
    value = base64.b64encode(b"x" * 128 * 1024).decode()
    endpoint = next(one for one in cluster.endpoints() if one.port == cluster.members[name].client_port)
    with Call(endpoint, context=make_context(cluster.tls), deadline=time.monotonic() + 60) as call:
        for number in itertools.count():
            key = base64.b64encode(f"key{number}".encode()).decode()
            call.post("/v3/kv/put", {"key": key, "value": value})
            call.post("/v3/maintenance/hash", {})  # commits what is pending, which the size leaves out
            if int(call.post("/v3/maintenance/status", {})["dbSize"]) >= share * 16 * MEBIBYTE:
                break


def raw(cluster: EtcdCluster) -> str:
    with _call(cluster) as call:
        return str(call.ask("GET", "/metrics").body)


def _has_probed(cluster: EtcdCluster) -> bool | NotYet[bool]:
    sums = re.findall(r"^etcd_network_peer_round_trip_time_seconds_sum\{.*\} (\S+)$", raw(cluster), re.MULTILINE)
    return True if sum(float(one) > 0 for one in sums) == 2 else NotYet(f"round trips so far: {sums}")


def options(cluster: EtcdCluster) -> list[str]:
    operator = cluster.pki.clients["operator"]
    urls = ",".join(f"https://127.0.0.1:{one.client_port}" for one in cluster.members.values())
    return [
        "--endpoints", urls, "--cacert", str(cluster.pki.ca.certificate),
        "--cert", str(operator.certificate), "--key", str(operator.key), "--command-timeout", "1500ms",
    ]  # fmt: skip


def tune(cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["etcd", "tune", "--json", *options(cluster)])
    return code, json.loads(capsys.readouterr().out)


def test_nobody_who_answers_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "tune", "--endpoints", "127.0.0.1:1"]) == 1
    assert "no member told its metrics" in capsys.readouterr().err


@pytest.mark.sandbox
def test_round_trips_are_those_of_the_members_own_metrics(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = tune(cluster, capsys)
    text = raw(cluster)

    def numbers(which: str) -> dict[str, float]:
        found = re.findall(rf'^etcd_network_peer_round_trip_time_seconds_{which}{{To="(\w+)"}} (\S+)$', text, re.M)
        return {peer: float(value) for peer, value in found}

    sums, counts = numbers("sum"), numbers("count")
    first = f"https://127.0.0.1:{cluster.members['etcd1'].client_port}"
    averages = sorted(one["average_s"] for one in told["round_trips"] if one["member"] == first)
    assert averages == pytest.approx(sorted(total / counts[peer] for peer, total in sums.items()), rel=0.5)
    assert {one["peer"] for one in told["round_trips"] if one["member"] == first} <= {
        f"https://127.0.0.1:{one.client_port}" for one in cluster.members.values()
    }
    beat = next(one for one in told["advice"] if one["setting"] == "heartbeat-interval")
    assert (beat["current"], beat["suggested"], beat["fit"]) == (None, 100, "unknown")


@pytest.mark.sandbox
def test_a_database_near_its_quota_and_a_disk_that_was_used_are_judged(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(cluster, "etcd3", share=0.85)
    address = f"https://127.0.0.1:{cluster.members['etcd3'].client_port}"

    def grown() -> tuple[int, dict[str, Any]] | NotYet[tuple[int, dict[str, Any]]]:
        """etcd3 may follow the others late, and says how large it is only once it has committed."""
        code, told = tune(cluster, capsys)
        third = next((one for one in told["advice"] if one["who"] == address), {"fit": "", "why": told["unread"]})
        return (code, told) if third["fit"] == "change" else NotYet(str(third["why"]))

    code, told = wait_until(grown, what="etcd3 to be near its quota", patience=PATIENCE)
    assert code == 3
    quotas = {one["who"]: one for one in told["advice"] if one["setting"] == "quota-backend-bytes"}
    third = quotas[address]
    assert (third["current"], third["suggested"], third["fit"]) == (16 * MEBIBYTE, 32 * MEBIBYTE, "change")
    assert [one["fit"] for one in quotas.values()].count("fits") == 2
    disk = told["disks"][0]
    assert disk["fsync_s"] is not None
    assert disk["fsync_s"] > 0


@pytest.mark.sandbox
def test_a_member_that_is_paused_is_named_and_the_others_are_judged(
    cluster: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.pause("etcd2")
    try:
        assert main(["etcd", "tune", *options(cluster)]) == 3
    finally:
        cluster.resume("etcd2")
    printed = capsys.readouterr().out
    assert f"https://127.0.0.1:{cluster.members['etcd2'].client_port} was not read" in printed
    assert printed.count("quota-backend-bytes") == 2
