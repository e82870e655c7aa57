"""What maintains a cluster, against real members under mutual TLS; etcdctl says whether it was done."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster, free_port

from fleetkit.core import EtcdError, NotFoundError, NotYet, Patience, wait_until
from fleetkit.etcd import (
    Alarm,
    AlarmKind,
    Endpoint,
    EtcdLimits,
    Member,
    MemberStatus,
    add_learner,
    compact,
    defragment,
    disarm_alarm,
    hash_kv,
    list_alarms,
    list_members,
    move_leader,
    promote_learner,
    read_status,
    remove_member,
)
from fleetkit.etcd._http import Call, make_context

pytestmark = pytest.mark.sandbox

PATIENCE = Patience(deadline_s=30, interval_s=0.2)
UNKNOWN = "abc123"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: EtcdCluster) -> Iterator[EtcdCluster]:
    """Lend the running cluster, and mend afterwards what the test did to it."""
    yield running
    running.mend()


def endpoint(cluster: EtcdCluster, name: str) -> Endpoint:
    return next(one for one in cluster.endpoints() if one.name == name)


def statuses(cluster: EtcdCluster) -> dict[str, MemberStatus]:
    found = read_status(cluster.endpoints(), tls=cluster.tls)
    assert not found.failed
    return found.ok


def call(cluster: EtcdCluster, path: str, body: object) -> object:
    with Call(cluster.endpoints()[0], context=make_context(cluster.tls), deadline=time.monotonic() + 10) as open_call:
        return open_call.post(path, body)


def put(cluster: EtcdCluster, key: str, value: str) -> int:
    """Write a key, and return the revision that this made."""
    encoded = {"key": base64.b64encode(key.encode()).decode(), "value": base64.b64encode(value.encode()).decode()}
    answer = call(cluster, "/v3/kv/put", encoded)
    assert isinstance(answer, dict)
    return int(answer["header"]["revision"])


def etcdctl_hashes(cluster: EtcdCluster) -> set[int]:
    told = json.loads(cluster.etcdctl("endpoint", "hashkv", "-w", "json").stdout)
    return {one["HashKV"]["hash"] for one in told}


def join(cluster: EtcdCluster, peer_url: str, *, refusals: list[EtcdError] | None = None) -> str:
    """Add a learner as soon as etcd lets us, and return its id."""
    refused = [] if refusals is None else refusals

    def look() -> str | NotYet[str]:
        try:
            return add_learner(cluster.endpoints(), [peer_url], tls=cluster.tls).id
        except EtcdError as error:
            refused.append(error)
        # What was done all the same, and only its answer lost, is not done again.
        known = list_members(cluster.endpoints(), tls=cluster.tls, limits=EtcdLimits(total_s=10))
        added = next((one.id for one in known if peer_url in one.peer_urls and one.is_learner), "")
        return added or NotYet(str(refused[-1]))

    return wait_until(look, what="a learner to be let in", patience=PATIENCE)


def test_a_learner_is_let_in_once_all_have_been_connected_for_a_while_and_before_that_etcd_says_so(
    cluster: EtcdCluster,
) -> None:
    peer_url = f"https://127.0.0.1:{free_port()}"
    refusals: list[EtcdError] = []
    member_id = join(cluster, peer_url, refusals=refusals)
    assert all(error.transient and "five seconds" in str(error) for error in refusals)
    try:
        added = [one for one in list_members(cluster.endpoints(), tls=cluster.tls) if one.id == member_id]
        assert [(one.name, one.is_learner, one.peer_urls) for one in added] == [("", True, (peer_url,))]
        assert f"{member_id}, unstarted, , {peer_url}, , true" in cluster.etcdctl("member", "list").stdout
        with pytest.raises(EtcdError, match="promote or remove the learner"):
            add_learner(cluster.endpoints(), [f"https://127.0.0.1:{free_port()}"], tls=cluster.tls)
        with pytest.raises(EtcdError, match="caught up"):
            promote_learner(cluster.endpoints(), member_id, tls=cluster.tls)
    finally:
        left = remove_member(cluster.endpoints(), member_id, tls=cluster.tls)
    assert [one.name for one in left] == ["etcd1", "etcd2", "etcd3"]
    assert member_id not in cluster.etcdctl("member", "list").stdout


@pytest.mark.parametrize("change", [promote_learner, remove_member])
def test_an_unknown_member_is_refused_and_the_known_ones_are_listed(cluster: EtcdCluster, change) -> None:
    with pytest.raises(NotFoundError, match=UNKNOWN) as refused:
        change(cluster.endpoints(), UNKNOWN, tls=cluster.tls)
    ids = {one.id for one in list_members(cluster.endpoints(), tls=cluster.tls)}
    assert all(member_id in str(refused.value) for member_id in ids)


def test_with_one_member_down_etcd_lets_no_healthy_one_go(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    down, healthy = (name for name in cluster.members if name != leader)
    member_id = statuses(cluster)[healthy].member_id
    cluster.kill(down)
    with pytest.raises(EtcdError, match=r"mend the member that is ill") as refused:
        remove_member(cluster.endpoints(), member_id, tls=cluster.tls)
    assert refused.value.transient
    assert member_id in cluster.etcdctl("member", "list", name=leader).stdout


def test_without_a_quorum_nothing_is_changed_and_every_member_says_why(cluster: EtcdCluster) -> None:
    cluster.kill("etcd1")
    cluster.kill("etcd2")

    def leaderless() -> bool | NotYet[bool]:
        status = read_status([endpoint(cluster, "etcd3")], tls=cluster.tls).ok["etcd3"]
        return NotYet("it still believes in its leader") if status.leader else True

    wait_until(leaderless, what="the loss to be noticed", patience=PATIENCE)
    with pytest.raises(EtcdError, match=r"who could take the compaction to 2(.|\n)*sees no leader"):
        compact(cluster.endpoints(), 2, tls=cluster.tls, limits=EtcdLimits(total_s=2))


def test_leadership_moves_where_it_is_wanted(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    heir = next(name for name in cluster.members if name != leader)
    target = statuses(cluster)[heir].member_id
    move_leader(cluster.endpoints(), target, tls=cluster.tls)
    assert cluster.leader() == heir
    told = json.loads(cluster.etcdctl("endpoint", "status", "-w", "json", name=heir).stdout)
    assert f"{told[0]['Status']['leader']:x}" == target
    move_leader(cluster.endpoints(), target, tls=cluster.tls)
    assert cluster.leader() == heir


def test_leadership_moves_though_another_member_says_nothing(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    heir, silent = (name for name in cluster.members if name != leader)
    target = statuses(cluster)[heir].member_id
    cluster.pause(silent)
    move_leader(cluster.endpoints(), target, tls=cluster.tls)
    found = read_status(cluster.endpoints(), tls=cluster.tls)
    assert [name for name, one in found.ok.items() if one.is_leader] == [heir]
    assert list(found.failed) == [silent]


def test_leadership_moves_to_no_stranger_and_not_without_its_holder(cluster: EtcdCluster) -> None:
    leader = cluster.leader()
    followers = [one for one in cluster.endpoints() if one.name != leader]
    with pytest.raises(NotFoundError, match=r"known: .*\(etcd1\)"):
        move_leader(cluster.endpoints(), UNKNOWN, tls=cluster.tls)
    target = statuses(cluster)[followers[0].name].member_id
    with pytest.raises(EtcdError, match="no member that answers leads"):
        move_leader(followers, target, tls=cluster.tls)
    assert cluster.leader() == leader


def test_only_the_exact_alarm_is_disarmed(cluster: EtcdCluster) -> None:
    member_id = statuses(cluster)["etcd2"].member_id
    raised = Alarm(member_id=member_id, alarm=AlarmKind.NOSPACE)
    change = {"action": "ACTIVATE", "memberID": str(int(member_id, 16)), "alarm": "NOSPACE"}
    call(cluster, "/v3/maintenance/alarm", change)
    try:
        other = Alarm(member_id=statuses(cluster)["etcd1"].member_id, alarm=AlarmKind.NOSPACE)
        with pytest.raises(NotFoundError, match=f"NOSPACE of member {member_id}"):
            disarm_alarm(cluster.endpoints(), other, tls=cluster.tls)
        call(cluster, "/v3/maintenance/alarm", {"action": "DEACTIVATE", "memberID": "0", "alarm": "NOSPACE"})
        assert list_alarms(cluster.endpoints(), tls=cluster.tls) == (raised,)
    finally:
        disarm_alarm(cluster.endpoints(), raised, tls=cluster.tls)
    assert cluster.etcdctl("alarm", "list").stdout.strip() == ""


def test_an_alarm_that_was_raised_without_a_member_is_disarmed_as_it_is_listed(cluster: EtcdCluster) -> None:
    call(cluster, "/v3/maintenance/alarm", {"action": "ACTIVATE", "memberID": "0", "alarm": "CORRUPT"})
    (raised,) = list_alarms(cluster.endpoints(), tls=cluster.tls)
    assert raised == Alarm(member_id="", alarm=AlarmKind.CORRUPT)
    disarm_alarm(cluster.endpoints(), raised, tls=cluster.tls)
    assert cluster.etcdctl("alarm", "list").stdout.strip() == ""
    with pytest.raises(NotFoundError, match="of no member in particular is raised"):
        disarm_alarm(cluster.endpoints(), raised, tls=cluster.tls)


def test_compaction_drops_history_and_defragmentation_gives_the_space_back(cluster: EtcdCluster) -> None:
    for number in range(40):
        revision = put(cluster, "fat", f"{number}" * 100_000)
    before = statuses(cluster)["etcd1"]
    assert compact(cluster.endpoints(), revision, tls=cluster.tls)
    assert "has been compacted" in cluster.etcdctl("get", "fat", f"--rev={revision - 1}").stderr
    assert not compact(cluster.endpoints(), revision, tls=cluster.tls)
    with pytest.raises(EtcdError, match="future revision"):
        compact(cluster.endpoints(), revision + 1000, tls=cluster.tls)

    def freed() -> bool | NotYet[bool]:
        # etcd counts its free pages anew when it writes.
        put(cluster, "thin", "a write")
        in_use = statuses(cluster)["etcd1"].db_size_in_use
        return True if in_use < before.db_size / 2 else NotYet(f"{in_use} of {before.db_size} in use")

    wait_until(freed, what="pages to be freed", patience=PATIENCE)
    defragment(endpoint(cluster, "etcd1"), tls=cluster.tls)
    after = statuses(cluster)
    assert after["etcd1"].db_size < before.db_size / 2
    assert after["etcd2"].db_size >= before.db_size / 2
    assert len(etcdctl_hashes(cluster)) == 1
    assert hash_kv(cluster.endpoints(), tls=cluster.tls).agree


def test_defragmenting_a_member_that_is_paused_tells_that_the_end_is_not_known(cluster: EtcdCluster) -> None:
    cluster.pause("etcd2")
    with pytest.raises(EtcdError, match="whether it was done is not known"):
        defragment(endpoint(cluster, "etcd2"), tls=cluster.tls, limits=EtcdLimits(total_s=0.5))


def test_hashes_agree_also_where_members_have_restarted(cluster: EtcdCluster) -> None:
    put(cluster, "one", "1")
    cluster.kill("etcd2")
    cluster.start("etcd2")
    cluster.wait_healthy()
    found = hash_kv(cluster.endpoints(), tls=cluster.tls)
    assert (found.agree, list(found.by_name)) == (True, ["etcd1", "etcd2", "etcd3"])
    assert len(etcdctl_hashes(cluster)) == 1


@pytest.mark.parametrize("fault", [EtcdCluster.kill, EtcdCluster.pause])
def test_a_member_that_does_not_answer_leaves_the_others_hashes_readable_in_time(cluster: EtcdCluster, fault) -> None:
    fault(cluster, "etcd3")
    started = time.monotonic()
    found = hash_kv(cluster.endpoints(), tls=cluster.tls, limits=EtcdLimits(total_s=2))
    assert time.monotonic() - started < 1.1 * 2
    assert (set(found.by_name.ok), set(found.by_name.failed)) == ({"etcd1", "etcd2"}, {"etcd3"})
    assert (found.agree, found.differing) == (False, ())


def test_a_member_is_removed_and_comes_back_as_a_learner_that_is_promoted(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd") as cluster:
        put(cluster, "kept", "through it all")
        old_id = statuses(cluster)["etcd3"].member_id
        peer_url = cluster.environment("etcd3")["ETCD_INITIAL_ADVERTISE_PEER_URLS"]

        def removed() -> bool | NotYet[bool]:
            try:
                return bool(remove_member(cluster.endpoints(), old_id, tls=cluster.tls))
            except NotFoundError:
                # It was done at a time before, and only the answer was lost.
                return True
            except EtcdError as error:
                return NotYet(str(error))

        wait_until(removed, what="etcd to let a member go", patience=PATIENCE)
        cluster.kill("etcd3")
        shutil.rmtree(cluster.members["etcd3"].folder / "data")
        new_id = join(cluster, peer_url)
        cluster.start("etcd3", ETCD_INITIAL_CLUSTER_STATE="existing")

        def promoted() -> tuple[Member, ...] | NotYet[tuple[Member, ...]]:
            try:
                return promote_learner(cluster.endpoints(), new_id, tls=cluster.tls)
            except EtcdError as error:
                known = list_members(cluster.endpoints(), tls=cluster.tls, limits=EtcdLimits(total_s=10))
                return NotYet(str(error)) if any(one.is_learner for one in known) else known

        members = wait_until(promoted, what="the learner to catch up", patience=PATIENCE)
        assert new_id != old_id
        assert {(one.name, one.is_learner) for one in members} == {(name, False) for name in cluster.members}
        cluster.wait_healthy()
        assert hash_kv(cluster.endpoints(), tls=cluster.tls).agree
        assert cluster.etcdctl("get", "kept", "--print-value-only", name="etcd3").stdout.strip() == "through it all"


def test_a_member_whose_disk_has_changed_a_value_is_named(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd") as cluster:
        put(cluster, "truth", "a-value-that-is-so")
        file = cluster.members["etcd2"].folder / "data" / "member" / "snap" / "db"

        def written() -> bool | NotYet[bool]:
            return True if b"a-value-that-is-so" in file.read_bytes() else NotYet("not on disk yet")

        wait_until(written, what="the value to reach the disk", patience=PATIENCE)
        process = cluster.members["etcd2"].process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        process.wait()
        file.write_bytes(file.read_bytes().replace(b"a-value-that-is-so", b"a-value-that-is-no"))
        cluster.start("etcd2")
        cluster.wait_healthy()
        found = hash_kv(cluster.endpoints(), tls=cluster.tls)
        assert (found.agree, found.differing) == (False, ("etcd2",))
        assert len(etcdctl_hashes(cluster)) == 2
