"""Backups are kept in a folder and in S3 alike: listed by name, proven or not, and removed with their proofs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fleetkit.core import AwsError, FleetkitError, NotFoundError, SettingsError, parse_utc
from fleetkit.etcd import BackupName, Retention
from fleetkit.workflows import BackupPlace, BackupProof, KeptBackup, open_backup_place, select_removable

OLD = BackupName(taken=parse_utc("2026-11-25T07:00:00Z"), revision=3, cluster="demo")
NEW = BackupName(taken=parse_utc("2026-11-26T07:00:00Z"), revision=5, cluster="demo")
PROOF = BackupProof(drilled=parse_utc("2026-11-26T08:00:00Z"), sha256="00", findings=(), rpo_s=3600.0, rto_s=2.5)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> BackupPlace:
    if request.param == "folder":
        return open_backup_place("demo", str(tmp_path / "kept"))
    request.getfixturevalue("s3")
    return open_backup_place("demo", "s3://records/etcd")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "made.tar"
    # Larger than one piece of what is sent to S3.
    made.write_bytes(bytes(range(256)) * 40_000)
    return made


def test_a_place_that_is_not_there_has_no_backups(place: BackupPlace) -> None:
    assert place.list_backups() == ()
    with pytest.raises(NotFoundError, match=r"no backup of demo in .*\n.*fleetkit etcd backup demo"):
        place.find_backup()


def test_what_is_kept_is_listed_newest_first_and_comes_back_as_it_was(
    place: BackupPlace, file: Path, tmp_path: Path
) -> None:
    for name in (OLD, NEW):
        place.keep_file(name, file)
    size = file.stat().st_size
    assert [(one.name, one.size_bytes, one.state) for one in place.list_backups()] == [
        (NEW, size, "unproven"),
        (OLD, size, "unproven"),
    ]
    place.fetch_file(OLD, tmp_path / "back.tar")
    assert (tmp_path / "back.tar").read_bytes() == file.read_bytes()
    assert place.find_backup().name == NEW
    assert place.find_backup(str(OLD)).name == OLD
    with pytest.raises(NotFoundError, match=f"known: {NEW}, {OLD}"):
        place.find_backup("other")


def test_a_backup_in_a_folder_is_on_the_disk_before_it_bears_its_name(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    synced: list[tuple[str, bool]] = []

    def sync(opened: int) -> None:
        seen, folder = os.fstat(opened), kept / "demo"
        (name,) = [one.name for one in (folder, *folder.iterdir()) if os.path.samestat(one.stat(), seen)]
        synced.append((name, (folder / str(OLD)).exists()))

    monkeypatch.setattr(os, "fsync", sync)
    open_backup_place("demo", str(kept)).keep_file(OLD, file)
    assert synced == [(f".{OLD}.part", False), ("demo", True)]


def test_a_drill_is_told_beside_the_backup(place: BackupPlace, file: Path) -> None:
    for name in (OLD, NEW):
        place.keep_file(name, file)
    place.write_proof(NEW, PROOF)
    assert [(one.state, one.proof) for one in place.list_backups()] == [("proven", PROOF), ("unproven", None)]
    place.write_proof(OLD, BackupProof(drilled=PROOF.drilled, sha256="00", findings=("a",), rpo_s=1, rto_s=1))
    assert [one.state for one in place.list_backups()] == ["proven", "failed"]


def test_what_is_removed_goes_with_its_proof(place: BackupPlace, file: Path) -> None:
    for name in (OLD, NEW):
        place.keep_file(name, file)
        place.write_proof(name, PROOF)
    place.remove_backups([OLD])
    assert [one.name for one in place.list_backups()] == [NEW]
    place.keep_file(OLD, file)
    assert [one.state for one in place.list_backups()] == ["proven", "unproven"]


def test_other_clusters_and_other_files_are_passed_over(tmp_path: Path, file: Path) -> None:
    place = open_backup_place("demo", str(tmp_path))
    place.keep_file(NEW, file)
    open_backup_place("demo-2", str(tmp_path)).keep_file(
        BackupName(taken=NEW.taken, revision=1, cluster="demo-2"), file
    )
    (tmp_path / "demo" / "notes.txt").touch()
    assert [one.name for one in place.list_backups()] == [NEW]


def test_a_proof_that_is_none_is_named(tmp_path: Path, file: Path) -> None:
    place = open_backup_place("demo", str(tmp_path))
    place.keep_file(NEW, file)
    (tmp_path / "demo" / f"{NEW}.proof.json").write_text("{}")
    with pytest.raises(FleetkitError, match="is no proof of a backup"):
        place.list_backups()


def test_a_folder_of_a_person_is_written_for_its_owner_alone_and_left_clean_by_a_full_disk(
    tmp_path: Path, file: Path
) -> None:
    place = open_backup_place("demo", str(tmp_path / "kept"))
    place.keep_file(NEW, file)
    kept = tmp_path / "kept" / "demo"
    assert (kept / str(NEW)).stat().st_mode & 0o077 == 0
    (kept / f".{OLD}.part").symlink_to("/dev/full")
    with pytest.raises(FleetkitError, match="cannot be kept: No space left"):
        place.keep_file(OLD, file)
    assert [path.name for path in kept.iterdir()] == [str(NEW)]


def test_a_bucket_that_is_not_there_is_an_error_and_no_empty_list(s3: Any) -> None:
    with pytest.raises(AwsError, match="NoSuchBucket"):
        open_backup_place("demo", "s3://none-of-ours").list_backups()


def test_what_is_sent_to_s3_is_encrypted(s3: Any, file: Path) -> None:
    open_backup_place("demo", "s3://records/etcd").keep_file(NEW, file)
    there = s3.head_object(Bucket="records", Key=f"etcd/demo/{NEW}")
    assert (there["ServerSideEncryption"], there["ContentLength"]) == ("AES256", file.stat().st_size)


def test_a_place_that_is_no_bucket_is_refused() -> None:
    with pytest.raises(SettingsError, match="place of backups is no place in S3"):
        open_backup_place("demo", "s3://")


def test_the_newest_proven_backup_stays_whatever_the_rules_say() -> None:
    none = Retention(hourly=0, daily=0, weekly=0)
    older = BackupName(taken=parse_utc("2026-11-24T07:00:00Z"), revision=1, cluster="demo")
    there = [
        KeptBackup(name=NEW, size_bytes=1, proof=None),
        KeptBackup(name=OLD, size_bytes=1, proof=PROOF),
        KeptBackup(name=older, size_bytes=1, proof=PROOF),
    ]
    assert [one.name for one in select_removable(there, none)] == [older]
    assert select_removable([], none) == ()
