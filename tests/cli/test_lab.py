"""``fleetkit lab``: a real JupyterLab on the copied notebooks, for the chosen cluster, which ends with the command."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.lab_browser import chromium, open_page

from fleetkit.core import NotYet, Patience, wait_until

__all__ = ["chromium"]

_COMMAND = [sys.executable, "-m", "fleetkit.cli", "lab", "--no-browser"]


@contextlib.contextmanager
def lab_in(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command in ``folder``; yield it with the address that it prints."""
    command = subprocess.Popen(
        [*_COMMAND, *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert command.stdout is not None
    with command, command.stdout as told:
        try:
            yield command, told.readline().strip()
        finally:
            command.send_signal(signal.SIGINT)
            command.wait(60)


def run_here(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_COMMAND, *options], cwd=folder, capture_output=True, text=True, timeout=60)


def test_without_a_sandbox_that_runs_it_says_how_to_bring_one_up(tmp_path: Path) -> None:
    done = run_here(tmp_path, "--sandbox")
    assert done.returncode == 2
    assert "no sandbox is running" in done.stderr
    assert "fleetkit sandbox up" in done.stderr


def test_what_cannot_be_a_cluster_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    done = run_here(tmp_path, "--cluster", "No Cluster")
    assert done.returncode == 2
    assert "cannot be a cluster's name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_with_a_key_that_is_out_of_reach_no_lab_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FLEETKIT_SIGNING_KEY", "awskms:arn:aws:kms:eu-west-1:123456789012:alias/records")
    done = run_here(tmp_path)
    assert done.returncode == 1
    assert "cannot ask AWS for the public key of arn:aws:kms:eu-west-1:123456789012:alias/records" in done.stderr
    assert done.stdout == ""


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_a_copied_notebook_runs_for_the_chosen_cluster_and_ctrl_c_ends_it_all(chromium, tmp_path: Path) -> None:
    for name in ("blue", "green"):
        write_cluster(tmp_path, name)
    with lab_in(tmp_path, "--cluster", "green") as (command, url):
        assert re.fullmatch(r"http://(127\.0\.0\.1|localhost):\d+/lab\?token=[0-9a-f]+", url)
        with open_page(chromium) as (page, _, _):
            assert page.request.get(url.replace("lab?token=", "api/contents?token=no")).status == 403
            assert page.request.get(url).status == 200
            page.goto(url.replace("/lab?", "/doc/tree/notebooks/inspect/20-inspect-cluster.ipynb?"))
            page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)
            assert page.locator(".Toastify__toast").count() == 0
            page.locator(".jp-Notebook .jp-Cell").first.click()
            for _cell in range(3):
                page.keyboard.press("Shift+Enter")
            # Of the two clusters it took the chosen one: without a choice, the set-up cell would refuse.
            page.locator(".jp-OutputArea-output", has_text="Recorded in").wait_for(timeout=90_000)
        check_end(command, signal.SIGINT)
    assert len(list(tmp_path.glob("runs/*/*-20-inspect-cluster"))) == 1


@pytest.mark.sandbox
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda one: one.name)
def test_the_end_of_its_terminal_and_a_request_to_end_leave_no_jupyterlab(
    tmp_path: Path, number: signal.Signals
) -> None:
    # What these tests were told to ignore, as by nohup, the command would ignore as well.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with lab_in(tmp_path) as (command, url):
            assert url
            check_end(command, number)
    finally:
        signal.signal(number, before)


def check_end(command: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to the command, and check that JupyterLab ends with it."""
    server = int(next(iter(children_of(command.pid))))
    command.send_signal(number)
    assert command.wait(60) == 130
    wait_until(lambda: has_ended(server), what="JupyterLab to end", patience=Patience(deadline_s=30, interval_s=0.1))


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def has_ended(pid: int) -> bool | NotYet[bool]:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return NotYet(f"{pid} is still there")
