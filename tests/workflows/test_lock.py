"""Two operations never work on one cluster at once, and a dead one holds nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fleetkit.core import BusyError
from fleetkit.workflows._lock import hold_cluster

HOLDER = """
import sys, pathlib
from fleetkit.workflows._lock import hold_cluster
with hold_cluster(pathlib.Path(sys.argv[1]), operation="deploy"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_is_first_and_may_go_on_when_the_first_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdin is not None
    try:
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=rf"deploy by .* process {first.pid}, since 20"),
            hold_cluster(folder, operation="destroy"),
        ):
            pass
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        first.stdin.close()
        first.stdout.close()
    with hold_cluster(folder, operation="destroy"):
        assert "destroy" in (folder / "lock.json").read_text()


def test_an_error_inside_releases_the_cluster(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_cluster(tmp_path, operation="deploy"):
        raise ZeroDivisionError
    with hold_cluster(tmp_path, operation="deploy"):
        pass
