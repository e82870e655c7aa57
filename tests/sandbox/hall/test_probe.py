"""Where the kernel forbids a hall, the probe names the step and what to do, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetkit.sandbox.hall import HallUnavailableError, probe, require_hall


@pytest.fixture(autouse=True)
def fresh_probe() -> Iterator[None]:
    require_hall.cache_clear()
    yield
    require_hall.cache_clear()


def answer(monkeypatch: pytest.MonkeyPatch, *, out: str, err: str) -> None:
    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 1, out, err)

    monkeypatch.setattr(probe.subprocess, "run", run)


def test_another_system_than_linux_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.sys, "platform", "darwin")
    with pytest.raises(HallUnavailableError) as caught:
        require_hall()
    assert caught.value.step == "system"


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.shutil, "which", lambda name, **_: None if name == "curl" else f"/usr/bin/{name}")
    with pytest.raises(HallUnavailableError, match="missing: curl") as caught:
        require_hall()
    assert caught.value.step == "programs"
    assert caught.value.hint == "install curl with the system's package manager"


@pytest.mark.parametrize(
    ("out", "err", "step", "hint"),
    [
        ("user-namespace\n", "[Errno 28] unshare: No space left", "user-namespace", "max_user_namespaces"),
        ("user-namespace\npid-namespace\nmount-proc\n", "[Errno 1] mount proc", "mount-proc", "masked"),
        ("user-namespace\nmount-root\nfirewall\n", "nf_tables refused", "firewall", "modprobe"),
        ("", "", "user-namespace", "sysctl"),
    ],
)
def test_the_step_that_failed_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, out: str, err: str, step: str, hint: str
) -> None:
    answer(monkeypatch, out=out, err=err)
    with pytest.raises(HallUnavailableError) as caught:
        require_hall()
    assert caught.value.step == step
    assert hint in str(caught.value)
    assert not err or err in str(caught.value)


@pytest.mark.sandbox
def test_a_real_refusal_of_the_kernel_is_named(tmp_path: Path) -> None:
    """Inside a hall no user namespace may be made, so a probe there meets a real refusal."""
    from support.hall_rooms import add_plain, open_hall

    ask = (
        "from fleetkit.sandbox.hall import require_hall, HallUnavailableError\n"
        "try: require_hall()\n"
        "except HallUnavailableError as error: print(error.step, error)\n"
    )
    with open_hall(tmp_path / "hall") as hall:
        done = add_plain(hall, "a", "10.77.1.10").run([sys.executable, "-c", ask])
    assert done.stdout.startswith(b"user-namespace this computer does not allow"), done.stderr.decode()
    assert b"unshare" in done.stdout


@pytest.mark.sandbox
def test_a_trial_leaves_no_folder_and_mounts_nothing_where_its_parent_would_remove_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "fleetkit.sandbox.hall._trial"]
    trial = subprocess.run(words, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True)
    assert (trial.returncode, trial.stderr) == (0, "")
    assert trial.stdout.split()[-1] == "done"
    assert list(tmp_path.iterdir()) == []
