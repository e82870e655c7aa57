"""Environments of their own, out of PyPI, for programs that do not live beside fleetkit: made once in a session."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["make_environment"]

_UV = Path(sys.executable).parent / "uv"


def make_environment(folder: Path, *packages: str) -> Path:
    """Install exactly these packages, with what they need, into a new environment; return its folder of programs."""
    subprocess.run([_UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [_UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *packages]
    subprocess.run(install, check=True)
    return folder / "bin"
