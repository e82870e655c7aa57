"""What a machine's fleet uses is told by the process that runs, and not by the file that lies there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.workflows._rotation_machines import AGES, was_read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    file = tmp_path / "client.crt"
    file.write_text("the old one", encoding="utf-8")
    return file


@pytest.fixture
def fleet(certificate: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process well after the file was put; its name is one that is hard to read."""
    program = certificate.with_name("fl) 1 (d")
    program.symlink_to("/bin/sleep")
    let_pass(certificate.stat().st_ctime)
    with subprocess.Popen([str(program), "300"]) as process:
        try:
            yield process
        finally:
            process.kill()


def let_pass(moment: float) -> None:
    """Wait until a moment lies two seconds back: starts are told in hundredths, and looks at both take some too."""
    wait_until(
        lambda: time.time() - moment > 2 or NotYet("not yet"),
        what="time to pass",
        patience=Patience(deadline_s=60, interval_s=0.1),
    )


def ages(process: subprocess.Popen[bytes], file: Path) -> str:
    words = ["/bin/sh", "-c", AGES, "ages", str(process.pid), str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def test_what_was_put_there_after_the_start_is_not_used(certificate: Path, fleet: subprocess.Popen[bytes]) -> None:
    assert was_read(ages(fleet, certificate))
    let_pass(time.time())
    new = certificate.with_suffix(".fleetkit-new")
    new.write_text("the new one", encoding="utf-8")
    new.replace(certificate)
    assert not was_read(ages(fleet, certificate))


def test_a_boot_long_ago_and_a_file_of_later_are_told_apart() -> None:
    """Booted 1000 s ago and started 10 s after that; the file was put 20 s or 995 s ago."""
    assert not was_read("1000 100 1000.00 1790000000.000000000 1790000020.000000000")
    assert was_read("1000 100 1000.00 1790000000.000000000 1790000995.000000000")
