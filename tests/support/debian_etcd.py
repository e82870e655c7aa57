"""Debian's etcd 3.4, beside the 3.5 that the sandbox's package brings: fetched and unpacked, never installed.

Installed, its package would start an etcd of its own on the computer.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_PACKAGE = "etcd-server"


def fetch_debian_etcd(folder: Path) -> Path:
    """Return the path of Debian's etcd, unpacked into ``folder``; where Debian's packages cannot be had, it skips."""
    if shutil.which("apt-get") is None:
        pytest.skip("this computer has no apt-get, and etcd 3.4 comes as a package of Debian")
    folder.mkdir()
    _run(folder, "apt-get", "download", _PACKAGE)
    (package,) = folder.glob("*.deb")
    _run(folder, "dpkg-deb", "--extract", str(package), ".")
    return folder / "usr" / "bin" / "etcd"


def _run(folder: Path, *argv: str) -> None:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(argv)}: {done.stderr.strip()}; next: apt-get update", pytrace=False)
