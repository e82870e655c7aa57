"""A sandbox is its folder: one at a time, wherever it lies, and nothing of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.core import BusyError, NotFoundError
from fleetkit.sandbox.folder import SandboxFolder


def test_a_folder_has_one_holder(tmp_path: Path) -> None:
    folder = SandboxFolder(tmp_path / "s")
    assert not folder.is_held()
    with folder.held():
        assert folder.is_held()
        with pytest.raises(BusyError, match="a sandbox is running"), SandboxFolder(tmp_path / "s").held():
            pass
    assert not folder.is_held()


def test_what_a_dead_sandbox_left_is_cleared_and_its_log_kept(tmp_path: Path) -> None:
    folder = SandboxFolder(tmp_path)
    (tmp_path / "hall" / "machines").mkdir(parents=True)
    (tmp_path / "environment.json").write_text("{}")
    folder.log.write_text("why\n")
    assert folder.has_leftovers()
    folder.clear()
    assert not folder.has_leftovers()
    assert folder.log.read_text() == "why\n"


def test_the_control_socket_works_however_long_the_path_is_and_is_private(tmp_path: Path) -> None:
    folder = SandboxFolder(tmp_path / ("x" * 120) / ("y" * 120))
    folder.make()
    with folder.bind_control() as server:
        assert (folder.path / "control.sock").stat().st_mode & 0o777 == 0o600
        with folder.connect_control(timeout_s=5):
            server.accept()[0].close()


def test_without_a_daemon_there_is_nothing_to_talk_to(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no sandbox is running"):
        SandboxFolder(tmp_path).connect_control(timeout_s=1)
