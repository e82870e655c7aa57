"""Every fault of a real etcd 3.5.1 under mutual TLS gets its right verdict, and etcdctl agrees."""

from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster, free_port
from support.pki_made import LONG_AGO, ca_of, issue, make_foreign_ca

from fleetkit.core import EtcdError, NotFoundError, NotYet, Patience, wait_until
from fleetkit.etcd import (
    AlarmKind,
    ClusterHealth,
    EtcdLimits,
    LocalFacts,
    MemberHealth,
    TlsFiles,
    Trouble,
    Verdict,
    get_key,
    list_alarms,
    list_members,
    raft_lag,
    read_health,
    read_leader_stats,
    read_self_stats,
    read_status,
    read_store_stats,
)
from fleetkit.etcd._http import Call, make_context
from fleetkit.pki.names import Purpose

pytestmark = pytest.mark.sandbox

LIMIT = EtcdLimits(total_s=1.0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: EtcdCluster) -> Iterator[EtcdCluster]:
    """Lend the running cluster, and mend afterwards what the test did to it."""
    yield running
    running.mend()


def look(cluster: EtcdCluster, *, limits: EtcdLimits = LIMIT, facts: LocalFacts | None = None) -> ClusterHealth:
    return read_health(cluster.endpoints(), tls=cluster.tls, limits=limits, facts=facts)


def by_name(health: ClusterHealth) -> dict[str, MemberHealth]:
    return {member.name: member for member in health.members}


def etcdctl_health(cluster: EtcdCluster) -> dict[str, bool]:
    """Ask etcdctl for each member by itself, all at once."""
    told: dict[str, bool] = {}

    def ask(name: str) -> None:
        told[name] = cluster.etcdctl("--command-timeout=2s", "endpoint", "health", name=name).returncode == 0

    threads = [threading.Thread(target=ask, args=(name,)) for name in cluster.members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def assert_etcdctl_agrees(cluster: EtcdCluster, health: ClusterHealth) -> None:
    assert etcdctl_health(cluster) == {member.name: member.healthy for member in health.members}


def call(cluster: EtcdCluster, name: str, path: str, body: object) -> object:
    endpoint = next(endpoint for endpoint in cluster.endpoints() if endpoint.name == name)
    with Call(endpoint, context=make_context(cluster.tls), deadline=time.monotonic() + 10) as open_call:
        return open_call.post(path, body)


def test_a_healthy_cluster_tolerates_one_failure(cluster: EtcdCluster) -> None:
    health = look(cluster)
    assert (health.verdict, health.tolerates, health.voters) == (Verdict.HEALTHY, 1, 3)
    listed = {member.name: member.id for member in list_members(cluster.endpoints(), tls=cluster.tls)}
    assert {member.name: member.id for member in health.members} == listed
    table = cluster.etcdctl("member", "list").stdout
    assert all(member.id in table for member in health.members)
    assert_etcdctl_agrees(cluster, health)


def test_a_paused_follower_costs_the_time_limit_once(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    paused = next(name for name in cluster.members if name != leader)
    cluster.pause(paused)
    started = time.monotonic()
    health = look(cluster)
    took = time.monotonic() - started
    assert (health.verdict, health.tolerates) == (Verdict.DEGRADED, 0)
    assert by_name(health)[paused].trouble is Trouble.SILENT
    assert "paused" in by_name(health)[paused].reason
    assert [member.name for member in health.members if member.healthy] == [
        name for name in cluster.members if name != paused
    ]
    assert took < 1.1 * LIMIT.total_s
    assert_etcdctl_agrees(cluster, health)


def test_two_paused_members_still_cost_the_limit_once(cluster: EtcdCluster) -> None:
    cluster.pause("etcd1")
    cluster.pause("etcd2")
    started = time.monotonic()
    health = look(cluster, limits=EtcdLimits(total_s=3))
    assert time.monotonic() - started < 3 * 1.1
    assert (health.verdict, health.tolerates) == (Verdict.LOST, 0)
    assert by_name(health)["etcd3"].trouble is Trouble.NO_QUORUM
    assert "etcd" in by_name(health)["etcd3"].name


def test_a_paused_leader_is_replaced_and_the_rest_recovers(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    cluster.pause(leader)

    def others_are_well() -> ClusterHealth | NotYet[ClusterHealth]:
        health = look(cluster)
        if sum(member.healthy for member in health.members) == 2:
            return health
        return NotYet(str([member.reason for member in health.members]))

    health = wait_until(others_are_well, what="a new leader", patience=Patience(deadline_s=20, interval_s=0.1))
    assert health.verdict is Verdict.DEGRADED
    assert by_name(health)[leader].trouble is Trouble.SILENT
    assert_etcdctl_agrees(cluster, health)


def test_a_killed_member_is_down(cluster: EtcdCluster) -> None:
    cluster.kill("etcd2")

    def settled() -> ClusterHealth | NotYet[ClusterHealth]:
        health = look(cluster)
        return health if sum(member.healthy for member in health.members) == 2 else NotYet("electing")

    health = wait_until(settled, what="the others", patience=Patience(deadline_s=20, interval_s=0.1))
    assert (health.verdict, health.tolerates) == (Verdict.DEGRADED, 0)
    assert by_name(health)["etcd2"].trouble is Trouble.DOWN
    assert "nothing listens" in by_name(health)["etcd2"].reason
    assert_etcdctl_agrees(cluster, health)


def test_two_killed_members_lose_the_quorum_and_reading_says_so_at_once(cluster: EtcdCluster) -> None:
    cluster.kill("etcd1")
    cluster.kill("etcd2")

    def no_leader() -> ClusterHealth | NotYet[ClusterHealth]:
        health = look(cluster, limits=EtcdLimits(total_s=5))
        return health if "no leader" in by_name(health)["etcd3"].reason else NotYet(str(health))

    first = look(cluster, limits=EtcdLimits(total_s=5))
    assert (first.verdict, first.tolerates, first.voters) == (Verdict.LOST, 0, 3)
    assert by_name(first)["etcd3"].trouble is Trouble.NO_QUORUM
    health = wait_until(no_leader, what="the loss to be noticed", patience=Patience(deadline_s=20, interval_s=0.1))
    assert by_name(health)["etcd3"].took_ms < 1000
    assert by_name(health)["etcd3"].id
    status = read_status(cluster.endpoints(), tls=cluster.tls, limits=LIMIT)
    assert set(status.ok) == {"etcd3"}
    assert status.ok["etcd3"].leader == ""
    assert status.ok["etcd3"].errors == ("etcdserver: no leader",)
    with pytest.raises(EtcdError, match="could not be read from any member"):
        list_alarms(cluster.endpoints(), tls=cluster.tls, limits=LIMIT)
    assert_etcdctl_agrees(cluster, health)


def test_all_killed_is_lost(cluster: EtcdCluster) -> None:
    for name in cluster.members:
        cluster.kill(name)
    health = look(cluster)
    assert (health.verdict, health.tolerates) == (Verdict.LOST, 0)
    assert {member.trouble for member in health.members} == {Trouble.DOWN}


@pytest.mark.parametrize("alarm", list(AlarmKind))
def test_an_alarm_is_ill_health_but_no_loss_of_quorum(cluster: EtcdCluster, alarm: AlarmKind) -> None:
    status = read_status(cluster.endpoints(), tls=cluster.tls)["etcd1"]
    assert not isinstance(status, Exception)
    change = {"memberID": str(int(status.member_id, 16)), "alarm": alarm.value}
    call(cluster, "etcd1", "/v3/maintenance/alarm", {"action": "ACTIVATE", **change})
    try:
        health = look(cluster)
        assert (health.verdict, health.tolerates) == (Verdict.DEGRADED, 1)
        assert {member.trouble for member in health.members} == {Trouble.ALARM}
        mending = {AlarmKind.NOSPACE: "fleetkit etcd alarms", AlarmKind.CORRUPT: "fleetkit etcd hash"}[alarm]
        assert all(alarm.value in member.reason and mending in member.reason for member in health.members)
        raised = list_alarms(cluster.endpoints(), tls=cluster.tls)
        assert [(item.alarm, item.member_id) for item in raised] == [(alarm, status.member_id)]
        assert_etcdctl_agrees(cluster, health)
    finally:
        call(cluster, "etcd1", "/v3/maintenance/alarm", {"action": "DEACTIVATE", **change})


def test_an_alarm_that_all_members_raised_is_no_loss_of_quorum_either(cluster: EtcdCluster) -> None:
    ids = [str(int(one.member_id, 16)) for one in read_status(cluster.endpoints(), tls=cluster.tls).ok.values()]
    assert len(ids) == 3
    changes = [{"memberID": one, "alarm": AlarmKind.NOSPACE.value} for one in ids]
    for change in changes:
        call(cluster, "etcd1", "/v3/maintenance/alarm", {"action": "ACTIVATE", **change})
    try:
        health = look(cluster)
        assert (health.verdict, health.tolerates) == (Verdict.DEGRADED, 1)
        assert {member.trouble for member in health.members} == {Trouble.ALARM}
    finally:
        for change in changes:
            call(cluster, "etcd1", "/v3/maintenance/alarm", {"action": "DEACTIVATE", **change})


def test_an_expired_server_certificate_is_named(cluster: EtcdCluster, tmp_path: Path) -> None:
    folder = cluster.members["etcd2"].folder / "pki"
    good = {name: (folder / name).read_bytes() for name in ("server.crt", "server.key")}
    old = issue(
        tmp_path, "old", ca=ca_of(cluster.pki), addresses=("127.0.0.1",),
        dns_names=("etcd2.demo.internal",), purpose=Purpose.MEMBER, now=LONG_AGO,
    )  # fmt: skip
    # etcd reads its certificate anew at each handshake.
    shutil.copyfile(old.key, folder / "server.key")
    shutil.copyfile(old.certificate, folder / "server.crt")
    try:
        health = look(cluster)
        assert health.verdict is Verdict.DEGRADED
        assert by_name(health)["etcd2"].trouble is Trouble.SERVER_CERTIFICATE_EXPIRED
        assert by_name(health)["etcd2"].reason == "its server certificate has expired"
        assert_etcdctl_agrees(cluster, health)
    finally:
        for name, content in good.items():
            (folder / name).write_bytes(content)


def test_a_member_that_cannot_start_serving_for_an_expired_certificate_is_told_by_our_copy(
    cluster: EtcdCluster, tmp_path: Path
) -> None:
    cluster.kill("etcd3")
    folder = cluster.members["etcd3"].folder / "pki"
    good = {path.name: path.read_bytes() for path in folder.iterdir()}
    old = issue(
        tmp_path, "old", ca=ca_of(cluster.pki), addresses=("127.0.0.1",),
        dns_names=("etcd3.demo.internal",), purpose=Purpose.MEMBER, now=LONG_AGO,
    )  # fmt: skip
    for kind in ("server", "peer"):
        shutil.copyfile(old.key, folder / f"{kind}.key")
        shutil.copyfile(old.certificate, folder / f"{kind}.crt")
    now = dt.datetime.now(dt.UTC)
    facts = LocalFacts(server_not_after={"etcd3": dt.datetime(2020, 12, 31, tzinfo=dt.UTC)}, now=now)
    try:
        cluster.start("etcd3")

        def listening() -> ClusterHealth | NotYet[ClusterHealth]:
            health = look(cluster, facts=facts)
            # Where it led, the others elect first.
            settled = by_name(health)["etcd3"].trouble is not Trouble.DOWN and health.verdict is Verdict.DEGRADED
            return health if settled else NotYet(f"{health.verdict}: {by_name(health)['etcd3'].reason}")

        health = wait_until(listening, what="etcd3 to listen", patience=Patience(deadline_s=60, interval_s=0.1))
        ill = by_name(health)["etcd3"]
        assert not ill.healthy
        assert "certificate" in ill.reason
        assert "expired" in ill.reason
    finally:
        cluster.kill("etcd3")
        for name, content in good.items():
            (folder / name).write_bytes(content)


def own(cluster: EtcdCluster, tmp_path: Path, case: str) -> tuple[TlsFiles, LocalFacts]:
    """Return a caller's TLS files and what its local files say, for one way of being wrong."""
    now = dt.datetime.now(dt.UTC)
    ca = cluster.pki.ca.certificate
    if case == "none":
        return TlsFiles(ca=ca), LocalFacts(client_given=False, now=now)
    signer = make_foreign_ca(tmp_path) if case == "foreign" else ca_of(cluster.pki)
    pair = issue(tmp_path, "caller", ca=signer, now=LONG_AGO if case == "expired" else None)
    facts = LocalFacts(
        client_not_after=dt.datetime(2020, 12, 31, tzinfo=dt.UTC) if case == "expired" else now + dt.timedelta(1),
        client_trusted=case != "foreign",
        now=now,
    )
    return TlsFiles(ca=ca, certificate=pair.certificate, key=pair.key), facts


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("expired", "our own client certificate expired on 2020-12-31"),
        ("foreign", "our own client certificate was signed by another CA"),
        ("none", "asks for a client certificate, and none was given"),
    ],
)
def test_a_fault_of_our_own_certificate_is_not_laid_on_the_cluster(
    cluster: EtcdCluster, tmp_path: Path, case: str, reason: str
) -> None:
    tls, facts = own(cluster, tmp_path, case)
    health = read_health(cluster.endpoints(), tls=tls, limits=LIMIT, facts=facts)
    assert (health.verdict, health.tolerates) == (Verdict.UNKNOWN, 0)
    assert {member.trouble for member in health.members} == {Trouble.CLIENT_REFUSED}
    assert all(reason in member.reason for member in health.members)
    blind = read_health(cluster.endpoints(), tls=tls, limits=LIMIT)
    assert all("refused our client certificate" in member.reason for member in blind.members)


def test_a_server_of_an_unknown_ca_is_not_believed(cluster: EtcdCluster, tmp_path: Path) -> None:
    tls = replace(cluster.tls, ca=make_foreign_ca(tmp_path).certificate)
    health = read_health(cluster.endpoints(), tls=tls, limits=LIMIT)
    assert health.verdict is Verdict.UNKNOWN
    assert {member.trouble for member in health.members} == {Trouble.SERVER_UNTRUSTED}


def test_crossed_ways_to_two_members_are_noticed(cluster: EtcdCluster) -> None:
    first, second, third = cluster.endpoints()
    crossed = (replace(first, port=second.port), replace(second, port=first.port), third)
    health = read_health(crossed, tls=cluster.tls, limits=LIMIT)
    assert health.verdict is Verdict.DEGRADED
    assert [member.trouble for member in health.members] == [Trouble.NAME_MISMATCH, Trouble.NAME_MISMATCH, None]
    assert "does not name etcd1.demo.internal" in health.members[0].reason


def test_plain_http_to_a_tls_port_is_named(cluster: EtcdCluster) -> None:
    plain = [replace(endpoint, scheme="http") for endpoint in cluster.endpoints()]
    health = read_health(plain, limits=LIMIT)
    assert health.verdict is Verdict.UNKNOWN
    assert {member.trouble for member in health.members} == {Trouble.TLS_REQUIRED}
    assert all("https" in member.reason for member in health.members), health.members


def test_a_learner_does_not_vote(cluster: EtcdCluster) -> None:
    port = free_port()

    def added() -> object:
        try:
            return call(
                cluster,
                "etcd1",
                "/v3/cluster/member/add",
                {"peerURLs": [f"https://127.0.0.1:{port}"], "isLearner": True},
            )
        except EtcdError as error:
            # etcd refuses changes of membership until it has seen all peers for a while.
            return NotYet(str(error))

    answer = wait_until(added, what="the learner to be added", patience=Patience(deadline_s=20, interval_s=0.2))
    assert isinstance(answer, dict)
    member_id = answer["member"]["ID"]
    try:
        health = look(cluster)
        assert (health.verdict, health.voters, health.tolerates) == (Verdict.HEALTHY, 3, 1)
        assert sum(member.is_learner for member in list_members(cluster.endpoints(), tls=cluster.tls)) == 1
    finally:
        call(cluster, "etcd1", "/v3/cluster/member/remove", {"ID": member_id})


def test_one_endpoint_of_three_is_judged_by_the_read_it_made_through_the_quorum(cluster: EtcdCluster) -> None:
    health = read_health(cluster.endpoints()[:1], tls=cluster.tls, limits=LIMIT)
    assert (health.verdict, health.tolerates, health.voters) == (Verdict.HEALTHY, 0, 3)


def test_members_are_named_even_when_only_their_urls_were_given(cluster: EtcdCluster) -> None:
    unnamed = [
        replace(endpoint, name=f"https://127.0.0.1:{endpoint.port}", host="127.0.0.1")
        for endpoint in cluster.endpoints()
    ]
    health = read_health(unnamed, tls=cluster.tls, limits=LIMIT)
    assert [member.name for member in health.members] == ["etcd1", "etcd2", "etcd3"]
    assert all(member.id for member in health.members)


def test_members_behind_other_addresses_than_they_advertise_are_asked_for_their_id(cluster: EtcdCluster) -> None:
    odd = [replace(endpoint, name=f"door {number}") for number, endpoint in enumerate(cluster.endpoints(), 1)]
    health = read_health(odd, tls=cluster.tls, limits=LIMIT)
    assert [member.name for member in health.members] == ["etcd1", "etcd2", "etcd3"]


def test_status_agrees_with_etcdctl(cluster: EtcdCluster) -> None:
    status = read_status(cluster.endpoints(), tls=cluster.tls)
    assert not status.failed
    told = json.loads(cluster.etcdctl("endpoint", "status", "-w", "json").stdout)
    theirs = {f"{item['Status']['header']['member_id']:x}": item["Status"] for item in told}
    for ours in status.ok.values():
        other = theirs[ours.member_id]
        assert ours.leader == f"{other['leader']:x}"
        assert (ours.version, ours.db_size, ours.raft_term) == (other["version"], other["dbSize"], other["raftTerm"])
        assert 0 < ours.db_size_in_use <= ours.db_size
    assert sum(item.is_leader for item in status.ok.values()) == 1
    assert all(0 <= lag < 20 for lag in raft_lag(status.ok).values())


def test_v2_statistics_and_keys_are_read(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    ids = {member.name: member.id for member in list_members(cluster.endpoints(), tls=cluster.tls)}
    stats = read_leader_stats(cluster.endpoints(), tls=cluster.tls)
    assert stats.leader == ids[leader]
    assert set(stats.followers) == set(ids.values()) - {stats.leader}
    assert read_self_stats(cluster.endpoints(), tls=cluster.tls).ok[leader].state == "StateLeader"
    assert len(read_store_stats(cluster.endpoints(), tls=cluster.tls).ok) == 3
    followers = [endpoint for endpoint in cluster.endpoints() if endpoint.name != leader]
    with pytest.raises(EtcdError, match="is the leader"):
        read_leader_stats(followers, tls=cluster.tls)
    put_v2(cluster, "/tests/a key", "one")
    node = get_key(cluster.endpoints(), "/tests", tls=cluster.tls)
    assert node.is_dir
    assert [(child.key, child.value) for child in node.nodes] == [("/tests/a key", "one")]
    assert get_key(cluster.endpoints(), "/tests/a key", tls=cluster.tls).value == "one"
    with pytest.raises(NotFoundError, match="/tests/none"):
        get_key(cluster.endpoints(), "/tests/none", tls=cluster.tls)


def put_v2(cluster: EtcdCluster, key: str, value: str) -> None:
    import http.client
    import urllib.parse

    endpoint = cluster.endpoints()[0]
    connection = http.client.HTTPSConnection("127.0.0.1", endpoint.port, context=make_context(cluster.tls), timeout=10)
    try:
        body = urllib.parse.urlencode({"value": value})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("PUT", f"/v2/keys{urllib.parse.quote(key)}", body, headers)
        with connection.getresponse() as answer:
            assert answer.status in (200, 201)
    finally:
        connection.close()


def test_writing_still_works_after_all_that(cluster: EtcdCluster) -> None:
    key = base64.b64encode(b"after").decode()
    call(cluster, "etcd1", "/v3/kv/put", {"key": key, "value": key})
    assert cluster.etcdctl("get", "after", "--print-value-only").stdout.strip() == "after"
