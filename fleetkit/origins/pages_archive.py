"""The archive that the pages are on masters: this package and what it needs to serve them, in one file."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import fleetkit
from fleetkit.core import ServiceError, data_folder

__all__ = ["PYTHON_TAG", "PagesArchive", "build_pages_archive"]

PYTHON_TAG = "3.11-slim"
"""Tag of the image of Python that the archive is for: its libraries are built for that version alone."""

_PLATFORM = "manylinux2014_x86_64-cp-311-cp311"
_ENTRY = "fleetkit.cli.__main__:run"
_LAST_LINES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesArchive:
    """An archive as it was built.

    Attributes
    ----------
    sha256
        Hash of its content, in hex.
    content
        Its bytes.
    """

    sha256: str
    content: bytes

    def __repr__(self) -> str:
        return f"PagesArchive(sha256={self.sha256!r}, {len(self.content)} bytes)"


def build_pages_archive(*, timeout_s: float = 600.0) -> PagesArchive:
    """Build the archive out of this very package and the distributions of ``locks/pages.txt``.

    The same package gives the same bytes, whatever compresses here: nothing in it is compressed. Distributions are
    fetched as pip is configured here to, each must have the hash of the lock, and nothing is built from source.

    Parameters
    ----------
    timeout_s
        Seconds for everything together.

    Raises
    ------
    ServiceError
        When a distribution cannot be had, or has another hash, or it takes too long.
    NotFoundError
        When the installation lacks the lock.
    """
    lock = data_folder("locks") / "pages.txt"
    with tempfile.TemporaryDirectory(prefix="fleetkit-pages-") as name:
        folder = Path(name)
        made = folder / "pages.pex"
        _copy_package(folder / "source")
        words = [
            *(sys.executable, "-P", "-m", "pex", "--requirement", str(lock), "--sources-directory", "source"),
            *("--platform", _PLATFORM, "--no-build", "--use-pip-config", "--disable-cache", "--no-compress"),
            *("--entry-point", _ENTRY, "--output-file", str(made)),
        ]
        try:
            done = subprocess.run(
                words, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False, errors="replace"
            )
        except subprocess.TimeoutExpired as error:
            raise ServiceError(
                "the archive of the pages was not built in time",
                seen=f"not after {timeout_s:.0f} s",
                hint="is the package index reached from here, as pip is configured?",
            ) from error
        if done.returncode:
            raise ServiceError(
                "the archive of the pages cannot be built",
                seen="\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:]),
                hint="is the package index reached from here, as pip is configured?",
            )
        content = made.read_bytes()
    return PagesArchive(sha256=hashlib.sha256(content).hexdigest(), content=content)


def _copy_package(folder: Path) -> None:
    """Copy the package without what pages have no use for, and without what differs between two installations."""
    source = Path(fleetkit.__file__).resolve().parent
    shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__", "_data", ".*", "*~"))
