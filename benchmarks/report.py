"""The table that the README shows, made of ``results.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["KNOWN_MISSES", "RESULTS_FILE", "keep_results", "read_results", "render_table"]

RESULTS_FILE = Path(__file__).with_name("results.json")
"""What was measured last and committed, each with its date and machine."""

KNOWN_MISSES = {"backup-over-etcdctl": "docs/decisions/012-what-a-backup-is.md"}
"""What is known to miss its goal from one measurement to another, and where it is said why.

It is told beside the verdict, and excuses nothing: what is committed has to meet every goal.
"""

_HEAD = (
    "| what | goal | measured | ours: median (quartiles, runs) | the other side | met | on, at load |\n"
    "|---|---|---|---|---|---|---|\n"
)


def read_results(file: Path = RESULTS_FILE) -> list[dict[str, Any]]:
    """Read what was measured."""
    results: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["results"]
    return results


def keep_results(found: Iterable[Mapping[str, Any]], file: Path) -> None:
    """Write what was measured, in the place of what the file says under the same name; all else in it stays."""
    results = {one["name"]: one for one in read_results(file)} if file.exists() else {}
    results |= {one["name"]: dict(one) for one in found}
    document = {"results": list(results.values())}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def render_table(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the Markdown table of measurements, with a line below on the machines that made them."""
    rows = "".join(_row(one) for one in results)
    machines = dict.fromkeys(_machine(one["machine"]) for one in results)
    return f"{_HEAD}{rows}\nMeasured with {'; '.join(machines)}.\n"


def _machine(machine: Mapping[str, Any]) -> str:
    return (
        f"{machine['cores']} cores of {machine['processor']} under {machine['system']} ({machine['architecture']}), "
        f"{machine['memory_gb']} GB, Python {machine['python']}"
    )


def _row(one: Mapping[str, Any]) -> str:
    if "found" in one:
        told = ["none", ", ".join(one["found"]) or "none", "", ""]
    else:
        told = [f"≤ {one['goal']:g}", f"{one['ratio']:g}", _side(one["ours"]), _side(one["theirs"])]
    when = f"{one['measured'][:10]}, {one['machine']['load']:g}"
    return f"| {' | '.join([one['title'], *told, _verdict(one), when])} |\n"


def _verdict(one: Mapping[str, Any]) -> str:
    verdict, why = "yes" if one["met"] else "**no**", KNOWN_MISSES.get(one["name"])
    if why is None:
        return verdict
    return f"{verdict}, [but not always]({why})" if one["met"] else f"{verdict}, [why]({why})"


def _side(side: Mapping[str, Any]) -> str:
    lower, upper = side["quartiles"]
    return f"{side['median']:g} {side['unit']} ({lower:g} to {upper:g}, {side['count']})"
