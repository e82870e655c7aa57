"""The table that the README shows, made of ``results.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["RESULTS_FILE", "read_results", "render_table"]

RESULTS_FILE = Path(__file__).with_name("results.json")
"""What the last ``make bench`` that was committed measured."""

_HEAD = (
    "| what | goal | measured | ours: median (quartiles, runs) | the other side | met |\n|---|---|---|---|---|---|\n"
)


def read_results(file: Path = RESULTS_FILE) -> dict[str, Any]:
    """Read what was measured."""
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return results


def render_table(results: Mapping[str, Any]) -> str:
    """Return the Markdown table of all measurements, with a line below on when and where they were made."""
    rows = "".join(_row(one) for one in results["results"])
    machine = results["machine"]
    where = (
        f"{machine['cores']} cores of {machine['processor']} under {machine['system']} ({machine['architecture']}), "
        f"{machine['memory_gb']} GB, load {machine['load']}, Python {machine['python']}"
    )
    return f"{_HEAD}{rows}\nMeasured on {results['measured'][:10]}: {where}.\n"


def _row(one: Mapping[str, Any]) -> str:
    met = "yes" if one["met"] else "**no**"
    if "found" in one:
        return f"| {one['title']} | none | {', '.join(one['found']) or 'none'} | | | {met} |\n"
    cells = (one["title"], f"≤ {one['goal']:g}", f"{one['ratio']:g}", _side(one["ours"]), _side(one["theirs"]), met)
    return f"| {' | '.join(cells)} |\n"


def _side(side: Mapping[str, Any]) -> str:
    lower, upper = side["quartiles"]
    return f"{side['median']:g} {side['unit']} ({lower:g} to {upper:g}, {side['count']})"
