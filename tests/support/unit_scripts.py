"""What a unit hands to the shell, run as a machine would, with stand-ins for the programs that it calls."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.fleet import UnitText

__all__ = ["ScriptRun", "find_script", "place_programs", "run_script"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRun:
    """How a script ended, what it told, and how it called its programs, a line each."""

    code: int
    told: str
    calls: list[str]


def find_script(unit: UnitText, name: str) -> str:
    """Return what a unit hands to the shell by its only option of a name, as systemd hands it over."""
    beginning = "/bin/sh -c '"
    (value,) = (one.value for one in unit.options if one.name == name and one.value.startswith(beginning))
    return value.removeprefix(beginning).removesuffix("'").replace("$$", "$")


def place_programs(folder: Path, **programs: str) -> str:
    """Write stand-ins for programs, each a line of shell, and return a path that finds them first.

    Each writes how it was called into ``calls``, a line each.
    """
    for name, does in programs.items():
        file = folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls\n{does}\n')
        file.chmod(0o755)
    return f"{folder / 'bin'}:{os.environ['PATH']}"


def run_script(text: str, folder: Path, *, environment: Mapping[str, str] | None = None, **programs: str) -> ScriptRun:
    """Run a script with stand-ins for programs, each a line of shell."""
    path = place_programs(folder, **programs)
    ended = subprocess.run(
        ["/bin/sh", "-c", text],
        env={**(environment or {}), "PATH": path}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    calls = folder / "calls"
    found = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return ScriptRun(code=ended.returncode, told=ended.stdout + ended.stderr, calls=found)
