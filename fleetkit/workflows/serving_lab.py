"""Serve JupyterLab on a folder: on this computer alone, with its token, and with settings of its own.

Those settings keep it from asking the internet for news and updates; a person's own JupyterLab is left as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.config import Settings
from fleetkit.core import FleetkitError, NotYet, Patience, WaitTimeoutError, wait_until
from fleetkit.workflows.signing import open_signer

__all__ = ["RunningLab", "serve_lab"]

_QUIET = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
_NOTIFICATION = Path("@jupyterlab/apputils-extension/notification.jupyterlab-settings")
# On a busy computer it takes minutes; one that will never come ends, and that is told at once.
_PATIENCE = Patience(deadline_s=300, interval_s=0.1)
_GRACE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLab:
    """A JupyterLab that runs.

    Attributes
    ----------
    url
        Its address with its token: whoever has it may run programs here.
    """

    url: str
    _process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait until it ends by itself.

        Raises
        ------
        FleetkitError
            When it ends with an error.
        """
        code = self._process.wait()
        if code != 0:
            raise FleetkitError("JupyterLab has ended", seen=f"exit code {code}; its own words stand above")


@contextlib.contextmanager
def serve_lab(
    folder: Path, *, environ: Mapping[str, str], home: Path, open_at: str = "", port: int | None = None
) -> Iterator[RunningLab]:
    """Serve ``folder`` for the length of a block; kernels are ended with it.

    Parameters
    ----------
    folder
        What its file browser shows.
    environ
        The environment of the kernels.
    home
        The operator's folder, which keeps the settings of this JupyterLab beside the key that signs records.
    open_at
        Path of the notebook to open first.
    port
        Port on 127.0.0.1; 8888 or the next one that is free where not given.

    Raises
    ------
    FleetkitError
        When it does not start; it has said why on standard error.
    AwsError, PreconditionError, SettingsError
        When the key that signs each notebook's record cannot be had: better told here than in a cell.
    """
    open_signer(Settings.from_environment(environ))
    # Also where the key lies elsewhere: one that is made here later asks for a private folder.
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *_options(folder, home / "lab", open_at=open_at, port=port)],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        # A group of its own: Ctrl-C is for us, and JupyterLab would answer it with a question.
        start_new_session=True,
    )
    try:
        yield RunningLab(url=_wait_for_address(process, environ), _process=process)
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _options(folder: Path, state: Path, *, open_at: str, port: int | None) -> Sequence[str]:
    settings = state / "user-settings"
    notification = settings / _NOTIFICATION
    if not notification.exists():
        notification.parent.mkdir(parents=True, exist_ok=True)
        notification.write_text(json.dumps(_QUIET), encoding="utf-8")
    return [
        *("--no-browser", "--ip=127.0.0.1", "--ServerApp.log_level=WARN", f"--ServerApp.root_dir={folder}"),
        *(f"--LabApp.user_settings_dir={settings}", f"--LabApp.workspaces_dir={state / 'workspaces'}"),
        *([f"--LabApp.default_url=/lab/tree/{open_at}"] if open_at else []),
        *([] if port is None else [f"--port={port}", "--ServerApp.port_retries=0"]),
        # Jupyter refuses root, whom a server on the network would endanger; this one is on loopback, with a token.
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]


def _wait_for_address(process: subprocess.Popen[bytes], environ: Mapping[str, str]) -> str:
    """Wait until the server has written where it is, and listens there, which on a busy computer is a moment later."""
    described = _runtime_folder(environ) / f"jpserver-{process.pid}.json"

    def look() -> str | NotYet[str]:
        if process.poll() is not None:
            raise FleetkitError(
                "JupyterLab did not start", seen=f"exit code {process.returncode}; its own words stand above"
            )
        try:
            found = json.loads(described.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return NotYet("it has not said yet where it listens")
        except (OSError, ValueError) as error:
            return NotYet(str(error))
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(found["port"]))) != 0:
                return NotYet(f"nobody listens at {found['url']} yet")
        return f"{found['url']}lab?token={found['token']}"

    try:
        return wait_until(look, what="JupyterLab", patience=_PATIENCE)
    except WaitTimeoutError as error:
        raise FleetkitError(
            "JupyterLab did not start in time",
            seen=error.without_hint,
            hint="its own words stand above; where this computer is busy, wait until it is less so, and start it again",
        ) from error


def _runtime_folder(environ: Mapping[str, str]) -> Path:
    """Return where servers of that environment describe themselves, as Jupyter itself reckons it."""
    asked = subprocess.run(
        [sys.executable, "-m", "jupyter_core", "--runtime-dir"],
        env=dict(environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(asked.stdout.strip())
