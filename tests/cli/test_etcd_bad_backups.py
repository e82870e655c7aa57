"""What is wrong with a backup, its place or this computer's disk is told, with the right code, and changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster

from fleetkit.cli import main
from fleetkit.workflows import back_up, open_backup_place

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        running.etcdctl("put", "a", "1")
        yield running


@pytest.fixture(scope="module")
def whole(cluster: EtcdCluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a backup that nothing is wrong with."""
    place = open_backup_place("demo", folder=tmp_path_factory.mktemp("whole"))
    return Path(back_up(cluster.endpoints(), place, tls=cluster.tls).address)


@pytest.fixture
def kept(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sit down in a folder with a copy of the backup, and return that."""
    monkeypatch.chdir(tmp_path)
    write_cluster(tmp_path)
    copy = tmp_path / "backups" / "demo" / whole.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(whole.read_bytes())
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return copy


def repack(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Pack a backup anew after a change of its members."""
    with tarfile.open(path) as tar:
        members = {one.name: stream.read() for one in tar if (stream := tar.extractfile(one)) is not None}
    change(members)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def says(**changed: Any) -> Callable[[dict[str, bytes]], None]:
    """Return the change of what the manifest says."""

    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **changed}).encode()

    return change


def other_snapshot(members: dict[str, bytes]) -> None:
    members["snapshot.db"] = bytes(len(members["snapshot.db"]))


def snapshot_that_fits(members: dict[str, bytes]) -> None:
    """Put a file into it that is no snapshot, and have the manifest agree."""
    members["snapshot.db"] = content = bytes(8192)
    manifest = json.loads(members["manifest.json"])
    manifest["parts"]["snapshot.db"] = {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    members["manifest.json"] = json.dumps(manifest).encode()


def without_the_tree(members: dict[str, bytes]) -> None:
    del members["v2.json"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:15_000])


def packed(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    return lambda path: repack(path, change)


BAD: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "cut off": (cut, 1, "was cut off"),
    "empty": (lambda path: path.write_bytes(b""), 1, "was cut off, or is none"),
    "something else": (lambda path: path.write_bytes(b"hello " * 4000), 1, "was cut off, or is none"),
    "packed anew with another snapshot": (packed(other_snapshot), 1, "is not what was packed"),
    "packed anew without the v2 store": (packed(without_the_tree), 1, "it has no v2.json"),
    "packed anew with a manifest that is none": (packed(says(revision="many")), 1, "is no backup of etcd"),
    "of another cluster": (packed(says(cluster="prod")), 4, "it is of prod, not of demo"),
    "of a newer format": (packed(says(format=2)), 4, "update fleetkit"),
    "of a newer etcd": (packed(says(versions={"etcd1": "3.6.1"})), 4, "of a newer etcd"),
}

COMMANDS = {
    "drill": ("etcd", "drill", "demo"),
    "into scratch": ("etcd", "restore", "demo", "--into", "scratch"),
    "restore": ("etcd", "restore", "demo", "--dry-run"),
}


@pytest.mark.parametrize("argv", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("damage", "code", "seen"), BAD.values(), ids=BAD)
def test_a_bad_backup_is_refused_in_words_wherever_it_is_used_and_stays_as_it_was(
    kept: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
    code: int,
    seen: str,
    argv: tuple[str, ...],
) -> None:
    damage(kept)
    before = kept.read_bytes()
    assert main(list(argv)) == code
    said = capsys.readouterr()
    assert seen in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert kept.read_bytes() == before
    assert list(kept.parent.iterdir()) == [kept], "no proof stands beside it"
    assert list(Path("tmp").iterdir()) == []


def test_one_whose_manifest_was_made_to_fit_is_found_out_by_the_drill(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repack(kept, snapshot_that_fits)
    assert main(["etcd", "drill", "demo"]) == 1
    assert "etcdutl cannot restore the snapshot" in capsys.readouterr().err
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize(
    ("damage", "code", "outcome"),
    [(cut, 1, "failed"), (packed(says(cluster="prod")), 4, "refused")],
    ids=["cut off", "of another cluster"],
)
def test_a_notebook_that_meets_a_bad_one_keeps_a_record_of_it(
    kept: Path, damage: Callable[[Path], None], code: int, outcome: str
) -> None:
    damage(kept)
    assert main(["run", "drill-restore", "--cluster", "demo"]) == code
    (record,) = Path("runs/demo").glob("*-42-drill-restore")
    assert json.loads((record / "run.json").read_text())["outcome"] == outcome
    assert main(["runs", "verify", str(record)]) == 0


@pytest.mark.parametrize("what", ["etcd backups demo", "etcd drill demo"])
def test_a_place_that_is_no_folder_is_an_error_and_no_empty_list(
    kept: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert main([*what.split(), "--from", str(kept)]) == 1
    assert "cannot be read: Not a directory" in capsys.readouterr().err


def with_a_small_disk(*argv: str, size_bytes: int) -> subprocess.CompletedProcess[str]:
    """Run a command for which a file can be no larger than that, as on a disk that is full."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))

    return subprocess.run(
        [sys.executable, "-B", "-m", "fleetkit.cli", *argv],
        env={**os.environ, "TMPDIR": str(Path("tmp").resolve())},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )


def source(cluster: EtcdCluster) -> tuple[str, ...]:
    endpoint, tls = cluster.endpoints()[0], cluster.tls
    return (
        "--endpoints", f"https://127.0.0.1:{endpoint.port}", "--name", "demo",
        "--cacert", str(tls.ca), "--cert", str(tls.certificate), "--key", str(tls.key),
    )  # fmt: skip


def test_a_disk_that_is_full_keeps_no_half_backup_and_none_that_was_there_is_touched(
    cluster: EtcdCluster, kept: Path
) -> None:
    before = kept.read_bytes()
    ended = with_a_small_disk("etcd", "backup", *source(cluster), size_bytes=10_000)
    assert ended.returncode == 1
    assert "cannot be written: File too large" in ended.stderr
    assert "has room" in ended.stderr
    assert list(kept.parent.iterdir()) == [kept]
    assert kept.read_bytes() == before
    assert list(Path("tmp").iterdir()) == []


@pytest.mark.parametrize("sealed", [False, True], ids=["in clear", "encrypted"])
def test_a_disk_that_is_full_ends_a_drill_in_words(
    cluster: EtcdCluster, kept: Path, tmp_path: Path, sealed: bool
) -> None:
    mine = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(mine))
    if sealed:
        kept.unlink()
        back_up(cluster.endpoints(), open_backup_place("demo"), tls=cluster.tls, seal_for=[str(mine.to_public())])
    (there,) = kept.parent.iterdir()
    for size_bytes in (10_000, there.stat().st_size + 10):
        ended = with_a_small_disk("etcd", "drill", "demo", "--identity", "identity", size_bytes=size_bytes)
        assert ended.returncode == 1, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "does not know" not in ended.stderr
    assert list(kept.parent.iterdir()) == [there]
    assert list(Path("tmp").iterdir()) == []
