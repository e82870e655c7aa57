"""A backup is believed only when every part of it is what its manifest says; else nothing is written."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fleetkit.core import FleetkitError, PreconditionError, parse_utc
from fleetkit.etcd import (
    BackupManifest,
    KeyNode,
    Member,
    SavedSnapshot,
    StoreSample,
    V2Root,
    V2Tree,
    pack_backup,
    read_backup,
)

SNAPSHOT = bytes(range(256)) * 200
UNIT = KeyNode(key="/_coreos.com/a", value="é\n", is_dir=False, nodes=(), modified_index=7, ttl_s=30)
ROOT = KeyNode(key="/_coreos.com", value="", is_dir=True, nodes=(UNIT,), modified_index=3, ttl_s=None)
TREE = V2Tree(roots=(V2Root(root="/_coreos.com", index=9, node=ROOT), V2Root(root="/_none", index=9, node=None)))
MANIFEST = BackupManifest(
    cluster="demo",
    cluster_id="ed7e2c5a",
    taken=parse_utc("2026-11-26T07:00:00Z"),
    member="etcd1",
    revision=42,
    v2_index=TREE.index,
    v2_keys=TREE.keys,
    sample=StoreSample(keys=3, values={"YQ==": "00"}),
    versions={"etcd1": "3.5.1"},
    members=(Member(id="8e9e", name="etcd1", peer_urls=("https://a:2380",), client_urls=(), is_learner=False),),
    parts={},
)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    file = tmp_path / "snapshot"
    file.write_bytes(SNAPSHOT)
    saved = SavedSnapshot(path=file, size_bytes=len(SNAPSHOT), sha256=hashlib.sha256(SNAPSHOT).hexdigest(), revision=42)
    target = tmp_path / "demo.tar"
    assert pack_backup(target, MANIFEST, snapshot=saved, tree=TREE).parts
    file.unlink()
    return target


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {one.name: (tar.extractfile(one) or io.BytesIO()).read() for one in tar.getmembers()}


def repack(path: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """Change what is in an archive, and pack it anew as anybody could."""
    parts = contents(path)
    change(parts)
    with tarfile.open(path, "w") as tar:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def edit_manifest(parts: dict[str, bytes], /, **changed: object) -> None:
    parts["manifest.json"] = json.dumps({**json.loads(parts["manifest.json"]), **changed}).encode()


def test_what_was_packed_is_read_back(backup: Path, tmp_path: Path) -> None:
    archive = read_backup(backup, cluster="demo")
    assert (archive.tree, archive.manifest.members, archive.manifest.sample) == (
        TREE,
        MANIFEST.members,
        MANIFEST.sample,
    )
    archive.extract_snapshot(tmp_path / "out.db")
    assert (tmp_path / "out.db").read_bytes() == SNAPSHOT
    assert backup.stat().st_mode & 0o077 == 0


def test_any_tar_reads_it_with_the_manifest_first(backup: Path) -> None:
    assert list(contents(backup)) == ["manifest.json", "v2.json", "snapshot.db"]
    manifest = json.loads(contents(backup)["manifest.json"])
    assert (manifest["format"], manifest["cluster"], manifest["revision"]) == (1, "demo", 42)
    assert manifest["parts"]["snapshot.db"]["sha256"] == hashlib.sha256(SNAPSHOT).hexdigest()


def test_wherever_it_was_cut_off_it_is_refused(backup: Path) -> None:
    whole = backup.read_bytes()
    end = whole.rindex(SNAPSHOT[-256:]) + 256
    for length in (0, 1, 511, 512, 700, 1536, 3000, end - 20_000, end - 1):
        backup.write_bytes(whole[:length])
        with pytest.raises(FleetkitError, match=r"cut off|is not what was packed|no backup") as caught:
            read_backup(backup)
        assert not isinstance(caught.value, PreconditionError)


BROKEN: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "the snapshot changed": (
        lambda parts: parts.update({"snapshot.db": b"x" + SNAPSHOT[1:]}),
        r"not what was packed: snapshot\.db",
    ),
    "the tree changed": (lambda parts: parts.update({"v2.json": b"{}"}), r"not what was packed: v2\.json"),
    "no snapshot": (lambda parts: parts.pop("snapshot.db"), r"it has no snapshot\.db"),
    "no manifest": (lambda parts: parts.pop("manifest.json"), r"it has no manifest\.json"),
    "a manifest that names no part": (lambda parts: edit_manifest(parts, parts={}), "names no snapshot"),
    "a manifest that is none": (lambda parts: parts.update({"manifest.json": b"{"}), "is no backup of etcd"),
    "a manifest without a time": (lambda parts: edit_manifest(parts, taken="soon"), "is no backup of etcd"),
    "a manifest of odd fields": (lambda parts: edit_manifest(parts, revision=[]), "is no backup of etcd"),
}


@pytest.mark.parametrize(("change", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_was_packed_anew_is_refused(
    backup: Path, change: Callable[[dict[str, bytes]], object], reason: str
) -> None:
    repack(backup, change)
    with pytest.raises(FleetkitError, match=reason):
        read_backup(backup)


def test_one_of_another_cluster_is_refused(backup: Path) -> None:
    with pytest.raises(PreconditionError, match="of another cluster: it is of demo, not of prod"):
        read_backup(backup, cluster="prod")


def test_one_of_a_newer_format_is_refused_whatever_else_is_in_it(backup: Path) -> None:
    repack(backup, lambda parts: parts.update({"manifest.json": b'{"format": 2, "new": true}'}))
    with pytest.raises(PreconditionError, match="newer format: format 2; this fleetkit reads up to 1"):
        read_backup(backup)


def test_one_that_changes_after_it_was_read_is_noticed(backup: Path, tmp_path: Path) -> None:
    archive = read_backup(backup)
    repack(backup, lambda parts: parts.update({"snapshot.db": b"other"}))
    with pytest.raises(FleetkitError, match="not what was packed"):
        archive.extract_snapshot(tmp_path / "out.db")


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetkitError, match="there is no backup"):
        read_backup(tmp_path / "none.tar")


def test_a_full_disk_leaves_no_half_backup(tmp_path: Path) -> None:
    file = tmp_path / "snapshot"
    file.write_bytes(SNAPSHOT)
    saved = SavedSnapshot(path=file, size_bytes=len(SNAPSHOT), sha256="", revision=42)
    (tmp_path / ".demo.tar.part").symlink_to("/dev/full")
    with pytest.raises(FleetkitError, match="No space left"):
        pack_backup(tmp_path / "demo.tar", MANIFEST, snapshot=saved, tree=TREE)
    assert list(tmp_path.iterdir()) == [file]
