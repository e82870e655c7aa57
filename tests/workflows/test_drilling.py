"""A drill proves a backup by restoring it: what differs is found, and nothing stays behind."""

from __future__ import annotations

import base64
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.core import FleetkitError, NotFoundError, PreconditionError, SettingsError
from fleetkit.etcd import (
    BackupArchive,
    BackupManifest,
    KeyNode,
    SavedSnapshot,
    Seal,
    StoreSample,
    V2Root,
    V2Tree,
    pack_backup,
    read_backup,
)
from fleetkit.etcd._http import Call, make_context
from fleetkit.workflows import (
    BackupPlace,
    Reporter,
    TakenBackup,
    back_up,
    drill_backup,
    open_backup_place,
)
from fleetkit.workflows._comparing import compare_trees

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    """Run an etcd with something in both stores."""
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        with Call(running.endpoints()[0], context=make_context(running.tls), deadline=time.monotonic() + 10) as call:
            for number in range(40):
                key = base64.b64encode(b"key %d" % number).decode()
                call.post("/v3/kv/put", {"key": key, "value": key})
            # A history that was cut short is as whole as a long one.
            call.post("/v3/kv/put", {"key": key, "value": ""})
            call.post("/v3/kv/compaction", {"revision": "30", "physical": True})
            call.ask("PUT", "/v2/keys/_coreos.com/fleet/job/a.service/object", form={"value": "x"})
            call.ask("PUT", "/v2/keys/_coreos.com/fleet/lease", form={"value": "mine", "ttl": "1000"})
            call.ask("PUT", "/v2/keys/app/empty", form={"dir": "true"})
        yield running


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackupPlace:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return open_backup_place("demo", str(tmp_path / "kept"))


@pytest.fixture
def taken(cluster: EtcdCluster, place: BackupPlace) -> TakenBackup:
    return back_up(cluster.endpoints(), place, tls=cluster.tls)


def pack_anew(taken: TakenBackup, tmp_path: Path, *, manifest: BackupManifest, tree: V2Tree | None = None) -> None:
    """Pack a backup of the same snapshot that says something else of itself."""
    path = Path(taken.address)
    archive: BackupArchive = read_backup(path)
    archive.extract_snapshot(tmp_path / "snapshot.db")
    part = archive.manifest.parts["snapshot.db"]
    saved = SavedSnapshot(
        path=tmp_path / "snapshot.db", size_bytes=part.size_bytes, sha256=part.sha256, revision=manifest.revision
    )
    pack_backup(path, manifest, snapshot=saved, tree=tree or archive.tree)


def test_a_whole_backup_is_proven_and_nothing_stays(place: BackupPlace, taken: TakenBackup, tmp_path: Path) -> None:
    facts = []
    drilled = drill_backup(place, report=Reporter(record=lambda _kind, seen: facts.append(seen)))
    assert (drilled.outcome, drilled.proof.findings) == ("done", ())
    assert len(drilled.compared) == 5
    assert "40 keys of the v3 store" in drilled.compared
    assert "2 keys of the v2 store" in drilled.compared
    assert "is proven: RPO " in drilled.summary
    assert drilled.proof.rto_s > 0
    (kept,) = place.list_backups()
    assert (kept, kept.state) == (drilled.kept, "proven")
    assert facts[0]["findings"] == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_manifest_that_promises_otherwise_is_found_out(
    place: BackupPlace, taken: TakenBackup, tmp_path: Path
) -> None:
    sample = taken.manifest.sample
    first = next(iter(sample.values))
    other = StoreSample(keys=41, values={**sample.values, first: "00"})
    pack_anew(taken, tmp_path, manifest=replace(taken.manifest, sample=other))
    drilled = drill_backup(place)
    assert drilled.outcome == "findings"
    assert drilled.proof.findings == (
        "40 keys, not 41",
        f"1 values of the sample, the first of key {first} in base64",
    )
    assert [one.state for one in place.list_backups()] == ["failed"]
    assert "differs: 40 keys, not 41" in str(drilled)


def test_a_backup_that_was_cut_off_stays_unproven(place: BackupPlace, taken: TakenBackup) -> None:
    path = Path(taken.address)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(FleetkitError, match=r"cut off|not what was packed"):
        drill_backup(place)
    assert [one.state for one in place.list_backups()] == ["unproven"]


def test_a_backup_of_another_cluster_under_this_ones_name_is_refused(
    place: BackupPlace, taken: TakenBackup, tmp_path: Path
) -> None:
    pack_anew(taken, tmp_path, manifest=replace(taken.manifest, cluster="prod"))
    with pytest.raises(PreconditionError, match="it is of prod, not of demo"):
        drill_backup(place)


def test_an_encrypted_backup_is_proven_with_its_key_alone(
    cluster: EtcdCluster, place: BackupPlace, tmp_path: Path
) -> None:
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    files = [tmp_path / f"identity{number}" for number in range(2)]
    for key, file in zip(keys, files, strict=True):
        file.write_text(str(key))
    made = back_up(cluster.endpoints(), place, tls=cluster.tls, seal_for=[str(keys[0].to_public())])
    assert made.kept.name.seal is Seal.AGE
    assert b"manifest.json" not in Path(made.address).read_bytes()
    with pytest.raises(SettingsError, match=r"is encrypted\n.*--identity"):
        drill_backup(place)
    with pytest.raises(SettingsError, match="cannot open demo-"):
        drill_backup(place, identity=files[1])
    assert [one.state for one in place.list_backups()] == ["unproven"]
    assert drill_backup(place, identity=files[0]).proof.findings == ()
    assert [one.state for one in place.list_backups()] == ["proven"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_backup_for_a_key_that_is_none_is_refused_before_anything_is_read(place: BackupPlace) -> None:
    with pytest.raises(SettingsError, match="cannot read the recipient"):
        back_up((), place, seal_for=["age1none"])


def test_a_backup_by_name_and_none_at_all(place: BackupPlace, taken: TakenBackup) -> None:
    assert drill_backup(place, str(taken.kept.name)).kept.name == taken.kept.name
    with pytest.raises(NotFoundError, match="no backup other"):
        drill_backup(place, "other")


def test_a_store_in_which_nothing_was_ever_written_is_proven_too(place: BackupPlace, tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "fresh", size=1) as fresh:
        back_up(fresh.endpoints(), place, tls=fresh.tls)
    drilled = drill_backup(place)
    assert drilled.proof.findings == ()
    assert "0 keys of the v2 store" in drilled.compared


def node(key: str, value: str = "", *children: KeyNode, ttl_s: int | None = None) -> KeyNode:
    return KeyNode(key=key, value=value, is_dir=bool(children), nodes=children, modified_index=1, ttl_s=ttl_s)


def tree(*nodes: KeyNode) -> V2Tree:
    return V2Tree(roots=(V2Root(root="/", index=1, node=replace(node("/", "", *nodes), is_dir=True)),))


TREES = {
    "the same": ((node("/a", "1"),), (node("/a", "1"),), ""),
    "another value": ((node("/a", "1"),), (node("/a", "2"),), "1 keys of the v2 store have other values, the first /a"),
    "missing": (
        (node("/a", "1"), node("/b", "1")),
        (node("/a", "1"),),
        "1 keys of the v2 store are missing, the first /b",
    ),
    "strange": ((node("/a", "1"),), (node("/a", "1"), node("/c", "1")), "were not backed up, the first /c"),
    "a lease that ended": ((node("/a", "1", ttl_s=3), node("/b", "1")), (node("/b", "1"),), ""),
    "a directory whose time ended": (
        (node("/d", "", node("/d/a", "1"), ttl_s=3), node("/da", "1")),
        (),
        "1 keys of the v2 store are missing, the first /da",
    ),
}


@pytest.mark.parametrize(("wanted", "served", "finding"), TREES.values(), ids=TREES)
def test_trees_are_compared_key_by_key(wanted: tuple[KeyNode, ...], served: tuple[KeyNode, ...], finding: str) -> None:
    found = compare_trees(tree(*wanted), tree(*served))
    assert found.endswith(finding)
    assert bool(finding) == bool(found)
    assert ";" not in found


def test_where_others_write_already_what_was_not_backed_up_is_no_difference() -> None:
    wanted = tree(node("/a", "1"))
    assert compare_trees(wanted, tree(node("/a", "1"), node("/c", "1")), since=1) == ""
    assert "missing, the first /a" in compare_trees(wanted, tree(node("/c", "1")), since=1)
    changed = replace(node("/a", "2"), modified_index=7)
    assert compare_trees(wanted, tree(changed), since=6) == ""
    assert "have other values, the first /a" in compare_trees(wanted, tree(changed), since=7)
