"""The address of JupyterLab is told when it can be opened, and not a moment before."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fleetkit.core import FleetkitError, Patience
from fleetkit.workflows import serving_lab
from fleetkit.workflows.serving_lab import _wait_for_address

# As a Jupyter server does on a busy computer: it says where it is, and listens later.
LATE = """
import json, os, socket, sys, time
with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
    with open(f"{sys.argv[1]}/jpserver-{os.getpid()}.json", "w") as file:
        json.dump({"url": f"http://127.0.0.1:{port}/", "port": port, "token": "t"}, file)
    time.sleep(1.5)
    server.listen()
    time.sleep(600)
"""


def test_it_is_told_when_somebody_listens_there(tmp_path: Path) -> None:
    environ = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", LATE, str(tmp_path)]) as process:
        try:
            address = _wait_for_address(process, environ)  # type: ignore[arg-type] # one of text will do
            assert address.endswith("/lab?token=t")
            with socket.socket() as probe:
                probe.connect(("127.0.0.1", int(address.split(":")[2].partition("/")[0])))
        finally:
            process.kill()


def test_one_that_ends_is_told_at_once(tmp_path: Path) -> None:
    environ = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with (
        subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process,
        pytest.raises(FleetkitError, match="exit code 3"),
    ):
        _wait_for_address(process, environ)  # type: ignore[arg-type] # one of text will do


def test_one_that_never_says_where_it_is_is_told_in_words_and_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_lab, "_PATIENCE", Patience(deadline_s=0.2, interval_s=0.05))
    environ = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        try:
            with pytest.raises(FleetkitError, match="it has not said yet where it listens") as late:
                _wait_for_address(process, environ)  # type: ignore[arg-type] # one of text will do
            assert "next: its own words stand above" in str(late.value)
        finally:
            process.kill()
