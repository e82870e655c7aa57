"""A state file that a kill left half-written is kept, Terraform's own backup takes its place, and both are told."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleetkit.terraform._preparation import look_after_kill
from fleetkit.terraform._state_file import find_left_lock, mend_state
from fleetkit.terraform.backend import LocalBackend, S3Backend

NOW = dt.datetime(2026, 11, 22, 23, 30, 5, tzinfo=dt.UTC)
ASIDE = "terraform.tfstate.broken-20261122T233005Z"
WHOLE = json.dumps({"version": 4, "serial": 7, "lineage": "l", "outputs": {}, "resources": [{}, {}]}).encode()
S3 = S3Backend(bucket="states", key="demo.tfstate", region="eu-west-1")

CUT = {"empty": b"", "spaces": b"\n", "half": WHOLE[: len(WHOLE) // 2], "zeros": bytes(4096), "no object": b"[]"}

_HOLDER = """
import fcntl, sys
stream = open(sys.argv[1], "r+b")
fcntl.lockf(stream, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(path: Path) -> Iterator[None]:
    """Let another process hold a state file as Terraform does."""
    words = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield


def state(folder: Path, content: bytes, *, backup: bytes | None = None) -> Path:
    (folder / "terraform.tfstate").write_bytes(content)
    if backup is not None:
        (folder / "terraform.tfstate.backup").write_bytes(backup)
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("content", CUT.values(), ids=CUT)
def test_a_cut_off_state_is_kept_and_the_whole_backup_takes_its_place(tmp_path: Path, content: bytes) -> None:
    told = mend_state(state(tmp_path, content, backup=WHOLE), now=NOW)
    assert (tmp_path / "terraform.tfstate").read_bytes() == WHOLE
    assert (tmp_path / "terraform.tfstate.backup").read_bytes() == WHOLE
    assert (tmp_path / ASIDE).read_bytes() == content
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / ASIDE, tmp_path / "terraform.tfstate")} == {0}
    assert f"({len(content)} bytes); it is kept as {ASIDE}" in told
    assert "with 2 kinds of resources, takes its place" in told


@pytest.mark.parametrize(
    ("backup", "why"),
    [(None, "there is no terraform.tfstate.backup"), (b"{", "terraform.tfstate.backup is cut off too")],
)
def test_without_a_whole_backup_the_state_begins_empty_and_nothing_is_lost(
    tmp_path: Path, backup: bytes | None, why: str
) -> None:
    told = mend_state(state(tmp_path, b"{", backup=backup), now=NOW)
    kept = set() if backup is None else {"terraform.tfstate.backup"}
    assert names(tmp_path) == {ASIDE} | kept
    assert why in told


@pytest.mark.parametrize("backup", [None, b"", WHOLE])
def test_a_whole_state_is_left_alone(tmp_path: Path, backup: bytes | None) -> None:
    assert mend_state(state(tmp_path, WHOLE, backup=backup), now=NOW) == ""
    assert (tmp_path / "terraform.tfstate").read_bytes() == WHOLE
    assert mend_state(tmp_path / "nowhere", now=NOW) == ""


def test_what_was_put_aside_before_is_not_overwritten(tmp_path: Path) -> None:
    mend_state(state(tmp_path, b"first"), now=NOW)
    mend_state(state(tmp_path, b"second"), now=NOW)
    assert (tmp_path / ASIDE).read_bytes() == b"first"
    assert (tmp_path / f"{ASIDE}-2").read_bytes() == b"second"


def test_a_state_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    state(tmp_path, b"{", backup=WHOLE)
    with held_by_another(tmp_path / "terraform.tfstate"):
        assert mend_state(tmp_path, now=NOW) == ""
    assert mend_state(tmp_path, now=NOW)


def test_an_empty_state_file_here_means_nothing_where_the_state_lives_elsewhere(tmp_path: Path) -> None:
    state(tmp_path, b"", backup=WHOLE)
    assert look_after_kill(tmp_path, backend=S3) == ()
    (tmp_path / ".fleetkit.json").write_text(json.dumps({"backend": str(S3)}))
    assert look_after_kill(tmp_path, backend=LocalBackend()) == ()
    (tmp_path / ".fleetkit.json").write_text(json.dumps({"backend": str(LocalBackend())}))
    (told,) = look_after_kill(tmp_path, backend=LocalBackend())
    assert "was cut off" in told


def test_a_lock_left_behind_is_told_with_its_owner_and_one_that_is_held_is_not(tmp_path: Path) -> None:
    state(tmp_path, WHOLE)
    assert find_left_lock(tmp_path) is None
    lock = {"ID": "0a-1b", "Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-22T23:00:00Z"}
    (tmp_path / ".terraform.tfstate.lock.info").write_text(json.dumps(lock))
    (told,) = look_after_kill(tmp_path, backend=LocalBackend())
    assert "apply by ann@desk since 2026-11-22T23:00:00Z" in told
    with held_by_another(tmp_path / "terraform.tfstate"):
        assert find_left_lock(tmp_path) is None
    (tmp_path / ".terraform.tfstate.lock.info").write_text("{")
    assert find_left_lock(tmp_path) is None
