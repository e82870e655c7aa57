"""The plan of a restore over real members: what would be lost is named, and what is healthy or foreign is refused."""

from __future__ import annotations

import datetime as dt
import io
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import ZONE, EtcdCluster

from fleetkit import aws
from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import (
    ApprovalMissingError,
    BusyError,
    EtcdError,
    FleetkitError,
    NotFoundError,
    Patience,
    PreconditionError,
    StalePlanError,
)
from fleetkit.etcd import (
    KeyNode,
    SavedSnapshot,
    V2Root,
    V2Tree,
    export_tree,
    list_members,
    pack_backup,
    put_tree,
    read_backup,
)
from fleetkit.etcd._http import Call, make_context
from fleetkit.fleet import is_live_key
from fleetkit.pki import renew_leaf
from fleetkit.workflows import (
    AppliedRestore,
    Reporter,
    RestorePlan,
    TakenBackup,
    Workspace,
    apply_restore,
    approve,
    back_up,
    back_up_etcd,
    open_backup_place,
    open_workspace,
    plan_restore,
    remember_backup,
    restoring,
)
from fleetkit.workflows._restore_mark import RestoreMark, drop_mark, make_mark, mark_switching, read_mark
from fleetkit.workflows._restore_steps import Restoring
from fleetkit.workflows.backup_place import open_cluster_backups
from fleetkit.workflows.last_backup import note_backup
from fleetkit.workflows.way_in import WayIn

pytestmark = pytest.mark.sandbox


def keys(**values: str) -> V2Tree:
    """Return a tree with keys below /app."""
    nodes = tuple(_node(f"/app/{name}", value) for name, value in values.items())
    return V2Tree(roots=(V2Root(root="/app", index=1, node=replace(_node("/app"), is_dir=True, nodes=nodes)),))


def _node(key: str, value: str = "") -> KeyNode:
    return KeyNode(key=key, value=value, is_dir=False, nodes=(), modified_index=1, ttl_s=None)


@dataclass(kw_only=True)
class Place:
    """The cluster demo, whose members are here, and a backup of it."""

    workspace: Workspace
    etcd: EtcdCluster
    taken: TakenBackup

    def plan(self, **options: object) -> RestorePlan:
        return plan_restore(self.workspace, **options)  # type: ignore[arg-type] # as the tests name them

    def repack(self, folder: Path, **changed: object) -> None:
        """Pack the backup anew, with another manifest around the same parts."""
        path = Path(self.taken.address)
        archive = read_backup(path)
        archive.extract_snapshot(folder / "snapshot.db")
        part = archive.manifest.parts["snapshot.db"]
        saved = SavedSnapshot(path=folder / "snapshot.db", size_bytes=part.size_bytes, sha256=part.sha256, revision=1)
        pack_backup(path, replace(archive.manifest, **changed), snapshot=saved, tree=archive.tree)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture
def place(running: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    write_cluster(tmp_path)
    with emulated_aws():
        monkeypatch.setattr(restoring, "open_way_in", running.open_way)
        # Members on loopback have no machine to log in to; a whole sandbox tells that part.
        monkeypatch.setattr(restoring, "measure_members", lambda *_asked: {"etcd1": 65536})
        put_tree(running.endpoints()[0], keys(same="1", other="1", gone="1"), tls=running.tls)
        taken = back_up(running.endpoints(), open_backup_place("demo", folder=tmp_path), tls=running.tls)
        workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
        yield Place(workspace=workspace, etcd=running, taken=taken)
    running.mend()


def test_what_serves_is_refused_and_what_would_be_lost_is_named(place: Place) -> None:
    assert place.etcd.etcdctl("put", "later", "x").returncode == 0
    put_tree(place.etcd.endpoints()[0], keys(other="2", fresh="1"), tls=place.etcd.tls)
    plan = place.plan()
    assert plan.now is not None
    assert plan.now.newer == ("later",)
    assert (plan.now.v2_other, plan.now.v2_only_now) == (("/app/other",), ("/app/fresh",))
    assert "1 keys of the v3 store were written since, and would be lost or older: later" in str(plan)
    with pytest.raises(PreconditionError, match="holds what a restore would overwrite"):
        approve(plan, "demo")
    with pytest.raises(ApprovalMissingError):
        approve(place.plan(overwrite=True), "")
    allowed = place.plan(overwrite=True)
    assert approve(allowed, "demo").sha256 == allowed.sha256 != plan.sha256


def test_an_etcd_that_does_not_serve_needs_no_word_more(place: Place) -> None:
    place.etcd.kill("etcd1")
    plan = place.plan()
    assert plan.now is None
    assert "nobody can say what it holds" in str(plan)
    assert "lost is what was written since" in str(plan)
    assert approve(plan, "demo").plan is plan


def test_an_etcd_that_refuses_our_own_certificate_does_not_pass_for_one_that_does_not_serve(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EtcdCluster(tmp_path / "fresh", size=1) as fresh:
        long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        renew_leaf(fresh.pki.folder, "clients/operator", members={"etcd1": "127.0.0.1"}, dns_zone=ZONE, now=long_ago)
        monkeypatch.setattr(restoring, "open_way_in", fresh.open_way)
        with pytest.raises(EtcdError, match="cannot be seen from here"):
            place.plan()


def test_an_etcd_that_came_up_empty_needs_no_word_more_either(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EtcdCluster(tmp_path / "fresh", size=1) as fresh:
        engine = V2Tree(roots=(V2Root(root="/", index=1, node=_node("/_coreos.com/fleet/engine/version", "1")),))
        put_tree(fresh.endpoints()[0], engine, tls=fresh.tls)
        monkeypatch.setattr(restoring, "open_way_in", fresh.open_way)
        plan = place.plan()
        put_tree(fresh.endpoints()[0], keys(written_meanwhile="1"), tls=fresh.tls)
        with pytest.raises(StalePlanError, match="serves again since the plan was shown"):
            apply_restore(place.workspace, approve(plan, "demo"))
    assert plan.now is not None
    assert (plan.now.is_empty, plan.now.comparable, plan.refused) == (True, False, "")
    assert "/app/same" in plan.now.v2_back


def test_a_backup_of_another_cluster_is_taken_only_where_that_is_said(place: Place, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no backup of prod"):
        place.plan(origin="prod")
    back_up(place.etcd.endpoints(), open_backup_place("prod", folder=tmp_path), tls=place.etcd.tls)
    assert place.plan(origin="prod").manifest.cluster == "prod"
    place.repack(tmp_path, cluster="prod")
    with pytest.raises(PreconditionError, match="it is of prod, not of demo"):
        place.plan()


def test_a_backup_of_a_newer_etcd_is_refused(place: Place, tmp_path: Path) -> None:
    place.repack(tmp_path, versions={"etcd1": "3.6.0"})
    with pytest.raises(PreconditionError, match=r"etcd1 ran 3\.6\.0"):
        place.plan()


def test_a_backup_that_was_cut_off_or_changed_is_refused(place: Place) -> None:
    path = Path(place.taken.address)
    whole = path.read_bytes()
    path.write_bytes(whole[:20_000])
    with pytest.raises(FleetkitError, match=r"cut off|not what was packed"):
        place.plan()
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        # Between the parts there is padding, which means nothing.
        inside = tar.getmember("snapshot.db").offset_data + 5_000
    path.write_bytes(whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :])
    with pytest.raises(FleetkitError, match="not what was packed"):
        place.plan()


def test_a_restore_that_had_begun_to_switch_data_is_gone_on_with_though_etcd_serves(place: Place) -> None:
    plan = place.plan()
    folder = place.workspace.paths.folder
    begun = make_mark(folder, plan.file_sha256, cluster="demo", backup=str(plan.kept.name))
    early = place.plan()
    assert (early.begun, early.is_under_way) == (begun, False)
    assert f"the restore that began at {begun.stamp} may still hold fleet" in early.refused
    mark = mark_switching(folder, begun)
    again = place.plan()
    assert (again.begun, again.refused) == (mark, "")
    assert mark.token == begun.token
    assert read_mark(folder, "0" * 64) is None, "a mark counts for its own backup alone"
    drop_mark(folder)
    assert place.plan().begun is None


def test_a_plan_to_go_on_with_a_restore_that_has_ended_since_overwrites_nothing_that_serves(place: Place) -> None:
    folder, plan = place.workspace.paths.folder, place.plan()
    mark_switching(folder, make_mark(folder, plan.file_sha256, cluster="demo", backup=str(plan.kept.name)))
    approved = approve(place.plan(), "demo")
    drop_mark(folder)
    assert place.etcd.etcdctl("put", "later", "x").returncode == 0
    with pytest.raises(StalePlanError, match="etcd of demo serves again since the plan was shown"):
        apply_restore(place.workspace, approved)
    assert not (folder / "restore.json").exists()


def test_a_restore_that_was_not_ended_is_gone_on_with_though_a_newer_backup_was_made(place: Place) -> None:
    folder, first = place.workspace.paths.folder, place.plan()
    make_mark(folder, first.file_sha256, cluster="demo", backup=str(first.kept.name))
    with pytest.raises(BusyError, match=r"a restore of demo was begun at .* and not ended"):
        back_up_etcd(place.workspace)
    # Names of backups count in seconds.
    time.sleep(1.1)
    newer = back_up(place.etcd.endpoints(), open_cluster_backups(place.workspace), tls=place.etcd.tls).kept.name
    again = place.plan()
    assert (again.kept.name, again.begun is None) == (first.kept.name, False)
    other = place.plan(backup=str(newer))
    assert (other.kept.name, other.begun) == (newer, None)
    assert f"a restore of {first.kept.name} was begun" in str(other)
    drop_mark(folder)
    assert place.plan().kept.name == newer


def test_what_speaks_for_another_backup_is_told(place: Place) -> None:
    workspace, told = place.workspace, "remembers another backup than this one"
    aws.ensure_bucket(workspace.session, workspace.bucket, cluster="demo")
    remember_backup(workspace, place.etcd.endpoints(), place.taken, tls=place.etcd.tls)
    assert told not in str(place.plan())
    last = replace(place.taken.last, name="another", place="s3://kept/here")
    note_backup(workspace, place.etcd.endpoints(), last, tls=place.etcd.tls, report=Reporter())
    assert f"{told}: another, in s3://kept/here" in str(place.plan())


def _restoring(place: Place, way: WayIn, mark: RestoreMark) -> Restoring:
    """Return a restore that is under way."""
    return Restoring(
        workspace=place.workspace,
        way=way,
        told=Reporter(),
        archive=read_backup(Path(place.taken.address)),
        snapshot=Path("snapshot.db"),
        mark=mark,
        place="",
        backup="",
        patience=Patience(deadline_s=30, interval_s=0.1),
    )


def test_the_v2_store_is_put_back_once_and_what_clients_write_then_is_theirs(place: Place) -> None:
    folder, endpoint = place.workspace.paths.folder, place.etcd.endpoints()[0]
    folder.mkdir(exist_ok=True)
    mark = make_mark(folder, "a1", cluster="demo", backup="b")
    with place.etcd.open_way(place.workspace) as way:
        since = _restoring(place, way, mark)._put_tree(endpoint)
        put_tree(endpoint, keys(other="by a client"), tls=place.etcd.tls)
        kept = read_mark(folder, "a1")
        assert kept is not None
        assert kept.put_at == since > 0
        again = _restoring(place, way, kept)
        assert again._put_tree(endpoint) == since
        assert again._compare(endpoint, since=since) == ""
    (root,) = export_tree(endpoint, roots=["/app"], tls=place.etcd.tls).roots
    assert {one.key: one.value for one in root.node.nodes}["/app/other"] == "by a client"
    drop_mark(folder)


def test_an_alarm_that_a_backup_brings_back_is_named_and_holds_nothing_up(place: Place) -> None:
    with place.etcd.open_way(place.workspace) as way:
        restoring = _restoring(place, way, RestoreMark(backup_sha256="a1", stamp="A", token="demo-A"))
        assert restoring._find_alarms() == ""
        endpoint = place.etcd.endpoints()[0]
        (member,) = list_members([endpoint], tls=place.etcd.tls)
        change = {"action": "ACTIVATE", "memberID": str(int(member.id, 16)), "alarm": "NOSPACE"}
        with Call(endpoint, context=make_context(place.etcd.tls), deadline=time.monotonic() + 9) as call:
            call.post("/v3/maintenance/alarm", change)
        try:
            assert restoring._wait_healthy() == endpoint
            assert "NOSPACE (fleetkit etcd alarms demo says what mends it)" in restoring._find_alarms()
        finally:
            place.etcd.etcdctl("alarm", "disarm")
        place.etcd.kill("etcd1")
        assert restoring._find_alarms().startswith("whether an alarm is raised could not be read: ")


def test_what_earlier_restores_put_aside_is_named_with_what_removes_it() -> None:
    made = {"cluster": "demo", "aside": "/var/lib/etcd-before-B", "loss": "nothing was lost", "finding": ""}
    assert "rm -rf" not in AppliedRestore(**made, older={}).text
    told = AppliedRestore(**made, older={"etcd1": ("/var/lib/etcd-before-A",)}).text
    assert "etcd1: sudo rm -rf /var/lib/etcd-before-A" in told
    assert "before-B of each master" in told


def test_a_tree_without_live_keys_keeps_what_people_said(place: Place) -> None:
    fleet = "/_coreos.com/fleet"
    said, live = f"{fleet}/job/a.service/target-state", f"{fleet}/job/a.service/job-state"
    endpoint, tls = place.etcd.endpoints()[0], place.etcd.tls
    for key in (said, live, f"{fleet}/machines/0a1b/object"):
        put_tree(endpoint, V2Tree(roots=(V2Root(root=key, index=1, node=_node(key, "x")),)), tls=tls)
    thin = export_tree(endpoint, tls=tls).without(is_live_key)
    assert {node.key for node in thin.nodes() if node.key.startswith(fleet) and not node.is_dir} == {said}


def test_a_name_is_too_little_where_the_cluster_file_demands_the_sha256(place: Place) -> None:
    rules = Approval(required=ApprovalKind.SHA256)
    workspace = replace(place.workspace, cluster=place.workspace.cluster.model_copy(update={"approval": rules}))
    plan = plan_restore(workspace, overwrite=True)
    with pytest.raises(ApprovalMissingError, match=f"--approve {plan.sha256}"):
        approve(plan, "demo")
    assert approve(plan, plan.sha256).plan is plan
