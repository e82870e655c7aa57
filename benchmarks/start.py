"""How soon the command answers, and what importing the library brings in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.judging import judge, judge_absence, take_turns

__all__ = ["GOAL_HELP", "HEAVY_LIBRARIES", "measure_help", "measure_import"]

GOAL_HELP = 10.0
"""At most this many times as long as a Python that does nothing."""

HEAVY_LIBRARIES = ("boto3", "pandas", "papermill", "paramiko")
"""What ``import fleetkit`` must not bring in."""


def measure_help(*, runs: int = 20) -> dict[str, Any]:
    """Measure ``fleetkit --help`` against ``python -c pass``, each a whole process."""

    def start(words: Sequence[str]) -> None:
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)

    program = str(Path(sys.executable).with_name("fleetkit"))
    ours, theirs = take_turns(
        (lambda: start([program, "--help"]), lambda: start([sys.executable, "-c", "pass"])), runs=runs, warm_ups=2
    )
    return judge(
        "help-over-empty-python",
        "`fleetkit --help` over `python -c pass`",
        GOAL_HELP,
        [one * 1000 for one in ours],
        [one * 1000 for one in theirs],
        unit="ms",
    )


def measure_import() -> dict[str, Any]:
    """Look for heavy libraries in a Python that has imported fleetkit."""
    program = f"import sys, fleetkit; print(*sorted(set({HEAVY_LIBRARIES!r}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    title = f"`import fleetkit` brings in none of {', '.join(HEAVY_LIBRARIES)}"
    return judge_absence("import-without-heavy-libraries", title, answer.stdout.split())
