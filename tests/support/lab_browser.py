"""A headless Chromium, and a JupyterLab for it to look at.

JupyterLab is started once per session, the browser once per module:
while playwright is up it keeps an event loop running in this thread, in which no other test could run a notebook.
Fixtures are imported into the conftest of the folder that needs them.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.debian_programs import require_program

from fleetkit.core import NotYet, Patience, wait_until

__all__ = ["Lab", "chromium", "jupyter_lab", "open_page", "widget_errors"]

_CLOCK = re.compile(r"Plugin \S+ (?:\(with \d+ dependants\) took [\d.]+ms|is taking too long) to activate\.$")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A JupyterLab that serves ``folder``."""

    url: str
    token: str
    folder: Path

    def notebook_url(self, path: str) -> str:
        """Return the address that shows one notebook, alone on its page."""
        return f"{self.url}/doc/tree/{path}?token={self.token}&reset"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start the system's Chromium."""
    program = require_program(*_NAMES)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextlib.contextmanager
def open_page(browser: Any, **options: Any) -> Iterator[tuple[Any, list[str], list[str]]]:
    """Open a page; yield it with the addresses that it asks for and the errors that it meets."""
    context = browser.new_context(**options)
    page = context.new_page()
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page, requests, errors
    finally:
        context.close()


def widget_errors(errors: list[str]) -> list[str]:
    """Return the errors of widgets; JupyterLab's clock of its own plugins speaks of widgets too, on a busy computer."""
    return [one for one in errors if "widget" in one.lower() and not _CLOCK.match(one)]


@pytest.fixture(scope="session")
def jupyter_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Serve an empty folder by a JupyterLab of its own, which knows nothing of the person's settings."""
    home, folder = tmp_path_factory.mktemp("lab-home"), tmp_path_factory.mktemp("lab")
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(_QUIET))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
                *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
                *(f"--ServerApp.root_dir={folder}", f"--LabServerApp.workspaces_dir={home / 'workspaces'}"),
            ],
            cwd=folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("FLEETKIT_", "AWS_"))},
                "HOME": str(home),
                "JUPYTER_CONFIG_DIR": str(home / "config"),
                "JUPYTER_DATA_DIR": str(home / "data"),
                "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
                "IPYTHONDIR": str(home / "ipython"),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    lab = Lab(url=f"http://127.0.0.1:{port}", token=token, folder=folder)
    try:
        wait_until(lambda: _answers(lab), what="JupyterLab", patience=Patience(deadline_s=60, interval_s=0.2))
        yield lab
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(lab: Lab) -> bool | NotYet[bool]:
    connection = http.client.HTTPConnection(lab.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", f"/api/status?token={lab.token}")
        with connection.getresponse() as answer:
            status = answer.status
    except (OSError, http.client.HTTPException) as error:
        return NotYet(str(error))
    finally:
        connection.close()
    return True if status == http.HTTPStatus.OK else NotYet(f"answered {status}")
