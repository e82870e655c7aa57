"""A Python with none of the packages that fleetkit runs with, and a page that it serves out of the archive."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import NotYet, Patience, wait_until

__all__ = ["STOCK_PYTHON", "served_page"]

STOCK_PYTHON = shutil.which("python3.11", path="/usr/local/bin:/usr/bin")
"""None where this computer has no such version."""

_PATIENCE = Patience(deadline_s=60, interval_s=0.2)


@contextlib.contextmanager
def served_page(archive: Path, folder: Path, *words: str) -> Iterator[str]:
    """Serve a page out of the archive, and give the text of its first answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PEX_ROOT": str(folder / "pex")}
    command = [STOCK_PYTHON or "", str(archive), "web", *words, "--port", str(port)]
    with (folder / "said").open("w") as said, subprocess.Popen(command, env=environment, stderr=said) as process:
        try:
            yield wait_until(lambda: _read(port, process, folder), what="the page", patience=_PATIENCE)
        finally:
            process.terminate()


def _read(port: int, process: subprocess.Popen[bytes], folder: Path) -> str | NotYet[str]:
    assert process.poll() is None, (folder / "said").read_text()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            return str(answer.read().decode())
    except urllib.error.URLError as error:
        return NotYet(str(error))
