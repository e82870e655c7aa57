"""``fleetkit etcd restore --into scratch``: a backup is served on this computer, until somebody ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.e2e_world import etcdctl_program
from support.etcd_cluster import EtcdCluster

from fleetkit.cli import main
from fleetkit.etcd._http import Call, make_context
from fleetkit.workflows import back_up, open_backup_place

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a backup of a cluster that is no more."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "tmp").mkdir()
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        cluster.etcdctl("put", "a", "of v3")
        with Call(cluster.endpoints()[0], context=make_context(cluster.tls), deadline=time.monotonic() + 10) as call:
            call.ask("PUT", "/v2/keys/app/b", form={"value": "of v2"})
        back_up(cluster.endpoints(), open_backup_place("demo", folder=folder), tls=cluster.tls)
    return folder


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Give the command while it serves, and what it printed."""
    command = subprocess.Popen(
        [sys.executable, "-m", "fleetkit.cli", "etcd", "restore", "demo", "--into", "scratch", "--json"],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stdout is not None
    try:
        text = ""
        for line in command.stdout:
            text += line
            if line.rstrip() == "}":
                break
        assert text, command.communicate()[1]
        yield command, json.loads(text)
    finally:
        command.kill()
        command.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_stores_can_be_looked_into_until_it_is_ended_and_nothing_stays(
    folder: Path, number: signal.Signals
) -> None:
    with served(folder) as (command, told):
        assert (told["cluster"], told["state"]) == ("demo", "unproven")
        environment = {**os.environ, **told["environment"]}
        seen = subprocess.run(
            [etcdctl_program(), "get", "a", "--print-value-only"],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert seen.stdout == "of v3\n"
        asked = f"{told['url']}/v2/keys/app/b"
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 -- it is the scratch etcd's
            assert json.load(answer)["node"]["value"] == "of v2"
        command.send_signal(number)
        err = command.communicate(timeout=60)[1]
        assert command.returncode == 130
    assert "Ctrl-C ends it" in err
    assert "Traceback" not in err
    address = urlsplit(told["url"])
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect((address.hostname, address.port))
    assert list((folder / "tmp").iterdir()) == []
    assert [one.suffix for one in (folder / "backups" / "demo").iterdir()] == [".tar"], "looking proves nothing"


def test_one_that_ends_by_itself_is_an_error(folder: Path) -> None:
    with served(folder) as (command, _told):
        (child,) = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        err = command.communicate(timeout=60)[1]
        assert command.returncode == 1
    assert "the scratch etcd ended" in err
    assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("option", [("--overwrite",), ("--dry-run",), ("--approve", "demo")])
def test_what_is_for_a_cluster_is_wrong_use(option: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["etcd", "restore", "demo", "--into", "scratch", *option]) == 2
    assert "are for a cluster; leave them out" in capsys.readouterr().err


def test_without_a_backup_it_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["etcd", "restore", "demo", "--into", "scratch"]) == 2
    assert "fleetkit etcd backup demo makes one" in capsys.readouterr().err
