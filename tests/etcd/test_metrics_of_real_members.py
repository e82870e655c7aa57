"""Scrapes of a real etcd 3.5.1 under mutual TLS: etcdctl says the same, and each fault shows in its alert."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import Alert, AlertState, EtcdLimits, RequestCount, Scrape, TlsFiles, judge_alerts, read_metrics

pytestmark = pytest.mark.sandbox

LIMIT = EtcdLimits(total_s=1.0)
PUT = "etcdserverpb.KV/Put"
PATIENCE = Patience(deadline_s=60, interval_s=0.1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: EtcdCluster) -> Iterator[EtcdCluster]:
    """Lend the running cluster, and mend afterwards what the test did to it."""
    yield running
    running.mend()


def _disarm(cluster: EtcdCluster) -> bool | NotYet[bool]:
    """While a member starts there may be an election, in which nothing is changed."""
    ended = cluster.etcdctl("alarm", "disarm", name="etcd1")
    return NotYet(ended.stderr) if ended.returncode else True


def look(cluster: EtcdCluster) -> Scrape:
    return read_metrics(cluster.endpoints(), tls=cluster.tls, limits=LIMIT)


def lasting(scrape: Scrape, minutes: int) -> list[Scrape]:
    """Return the scrape as looks of so many minutes would have seen it, were it like this all the time."""
    return [replace(scrape, at=scrape.at - dt.timedelta(minutes=age)) for age in range(minutes + 1)]


def find(scrapes: list[Scrape], name: str) -> Alert:
    return next(one for one in judge_alerts(scrapes) if one.name == name)


def test_all_members_tell_what_etcdctl_tells(cluster: EtcdCluster) -> None:
    told = json.loads(cluster.etcdctl("endpoint", "status", "-w", "json").stdout)
    found = look(cluster)
    assert set(found.members) == set(cluster.members)
    assert not found.down
    assert {one.member_id for one in found.members.values()} == {
        f"{one['Status']['header']['member_id']:x}" for one in told
    }
    assert {one.db_size for one in found.members.values()} == {one["Status"]["dbSize"] for one in told}
    assert {one.quota for one in found.members.values()} == {2 * 1024**3}


def test_writes_show_between_two_looks(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    before = look(cluster)
    for number in range(5):
        assert cluster.etcdctl("put", f"key{number}", "x", name=leader).returncode == 0
    after = look(cluster)
    puts = [one.members[leader].requests.get(PUT, RequestCount(0, 0)) for one in (before, after)]
    assert puts[1].handled - puts[0].handled == 5
    took = [one.members[leader].request_seconds or {} for one in (before, after)]
    assert took[1][PUT].since(took[0].get(PUT)).total == 5


def test_a_paused_member_is_down_and_the_others_are_read_within_the_limit(cluster: EtcdCluster) -> None:
    cluster.pause("etcd2")
    found = look(cluster)
    assert set(found.down) == {"etcd2"}
    assert "did not speak TLS" in found.down["etcd2"]
    alert = find(lasting(found, 20), "etcdMembersDown")
    assert (alert.state, alert.who) == (AlertState.FIRING, ("etcd2",))


def test_without_a_quorum_the_one_that_is_left_has_no_leader(cluster: EtcdCluster) -> None:
    left = cluster.leader()
    for name in cluster.members:
        if name != left:
            cluster.kill(name)

    def leaderless() -> Scrape | NotYet[Scrape]:
        found = look(cluster)
        return found if not found.members[left].has_leader else NotYet(f"{left} has a leader")

    found = wait_until(leaderless, what="the leader to step down", patience=PATIENCE)
    no_leader = find(lasting(found, 1), "etcdNoLeader")
    assert (no_leader.state, no_leader.value, no_leader.who) == (AlertState.FIRING, 0, (left,))
    too_few = find(lasting(found, 3), "etcdInsufficientMembers")
    assert (too_few.state, too_few.value, too_few.threshold) == (AlertState.FIRING, 1, 2)


def test_a_full_database_fires_the_alert_of_the_quota(cluster: EtcdCluster) -> None:
    """The alarm outlives the quota, so it is disarmed and the member started as it was."""
    cluster.kill("etcd3")
    cluster.start("etcd3", ETCD_QUOTA_BACKEND_BYTES="16384")
    cluster.wait_healthy()
    try:
        cluster.etcdctl("put", "a", "x", name="etcd3")
        found = look(cluster)
        assert "NOSPACE" in cluster.etcdctl("alarm", "list").stdout
        alert = find(lasting(found, 10), "etcdDatabaseQuotaLowSpace")
        assert (alert.state, alert.who) == (AlertState.FIRING, ("etcd3",))
        assert alert.value is not None
        assert alert.value >= 100
    finally:
        cluster.kill("etcd3")
        cluster.start("etcd3")
        wait_until(lambda: _disarm(cluster), what="the alarm to be disarmed", patience=PATIENCE)


def test_a_trouble_of_our_own_is_not_told_as_a_members(cluster: EtcdCluster) -> None:
    found = read_metrics(cluster.endpoints(), tls=TlsFiles(ca=cluster.tls.ca), limits=LIMIT)
    assert set(found.unasked) == set(cluster.members)
    assert find(lasting(found, 20), "etcdMembersDown").state is AlertState.TOO_SHORT
