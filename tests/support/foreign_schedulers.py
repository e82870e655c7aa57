"""A JupyterLab with jupyter-scheduler, and an Airflow, each out of an environment of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import FleetkitError, NotYet, Patience, wait_until
from fleetkit.schedule import SchedulerKind, find_scheduler
from fleetkit.schedule.jupyter import JobDefinitions

__all__ = ["AIRFLOW", "JUPYTER", "REFERENCE", "TOKEN", "open_jobs", "run_airflow", "serve_jupyter"]

AIRFLOW = ("apache-airflow==3.3.2",)
JUPYTER = ("jupyter_scheduler==2.12.1", "jupyterlab==4.6.6")
TOKEN = "canary-5f2c9e17ab"
REFERENCE = "env:JUPYTER_TOKEN"


def run_airflow(programs: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of an Airflow whose home is ``home``, to its end."""
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # How long it takes on a busy computer is no promise.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    return subprocess.run([programs / "airflow", *words], env=environ, capture_output=True, text=True)


@contextlib.contextmanager
def serve_jupyter(programs: Path, folder: Path) -> Iterator[str]:
    """Run a JupyterLab on ``folder/root``, and give its address; its token is that of JUPYTER_TOKEN here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = folder / "root"
    root.mkdir()
    folders = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [programs / "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    environ = {**os.environ, **folders, "PATH": f"{programs}:{os.environ['PATH']}"}
    with (folder / "said").open("w") as said, subprocess.Popen(command, env=environ, stdout=said, stderr=said) as one:
        address = f"http://127.0.0.1:{port}"

        def answers() -> bool | NotYet[bool]:
            assert one.poll() is None, (folder / "said").read_text()
            try:
                return bool(open_jobs(address).api.ask("GET", "scheduler/runtime_environments"))
            except FleetkitError as error:
                return NotYet(str(error))

        try:
            wait_until(answers, what="JupyterLab", patience=Patience(deadline_s=120, interval_s=0.3))
            yield address
        finally:
            one.terminate()


def open_jobs(address: str, reference: str = REFERENCE) -> JobDefinitions:
    """Return what keeps schedules at such a server."""
    place = {"server": address, "token": reference}
    found = find_scheduler(SchedulerKind.JUPYTER, environ={}, place=place)
    assert isinstance(found, JobDefinitions)
    return found
