"""The drills of etcd as one table: what is broken, what is said of it, what mends it, and what may be lost.

Each row is a test of ``tests/drills``, and ``make docs`` puts the same rows into ``docs/drills.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["DRILLS", "RESULTS_FILE", "Drill", "render_drills_table"]

RESULTS_FILE = Path(__file__).resolve().parents[1] / "drills" / "results.json"
"""Recovery times of the last run that was committed; a run writes its own where ``DRILL_RESULTS`` says."""

_NOTHING = "nothing"
_BY_ITSELF = "none: its unit starts etcd again"
_HEAD = (
    "| drill | fault | verdict | what health says | runbook | may be lost | recovered after |\n"
    "|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One row.

    Attributes
    ----------
    name
        The drill, and its test.
    fault
        How it is given.
    verdict
        Of ``fleetkit etcd health``.
    says
        Words in the reason of each member that was hit.
    next
        Words in what health tells to do; empty where nothing is to do.
    runbook
        What brings the cluster back.
    loss
        Which acknowledged writes may be gone.
    """

    name: str
    fault: str
    verdict: str
    says: str
    next: str
    runbook: str
    loss: str = _NOTHING


DRILLS = {
    one.name: one
    for one in (
        Drill(
            name="pause a follower",
            fault="`fault freeze`",
            verdict="degraded",
            says="did not speak TLS",
            next="fleetkit etcd replace",
            runbook="reboot the machine; else `fleetkit etcd replace`",
        ),
        Drill(
            name="pause the leader",
            fault="`fault freeze`",
            verdict="degraded",
            says="did not speak TLS",
            next="fleetkit etcd replace",
            runbook="reboot the machine; else `fleetkit etcd replace`",
        ),
        Drill(
            name="cut peer traffic",
            fault="`fault cut --port 2380`",
            verdict="degraded",
            says="leader",
            next="port 2380",
            runbook="put the rule back: `fleetkit inspect`, `fleetkit deploy`",
        ),
        Drill(
            name="cut client traffic",
            fault="`fault cut --port 2379`",
            verdict="degraded",
            says="did not speak TLS",
            next="fleetkit etcd replace",
            runbook="put the rule back: `fleetkit inspect`, `fleetkit deploy`",
        ),
        Drill(
            name="fill the quota",
            fault="a quota of 16 MiB, and writes of 900 kB",
            verdict="degraded",
            says="alarm NOSPACE",
            next="",
            runbook="`fleetkit etcd defragment --compact`, `fleetkit etcd alarms --disarm`",
        ),
        Drill(
            name="kill one follower",
            fault="`fault kill`",
            verdict="degraded",
            says="down",
            next="fleetkit etcd replace",
            runbook=_BY_ITSELF,
        ),
        Drill(
            name="kill the leader",
            fault="`fault kill`",
            verdict="degraded",
            says="down",
            next="fleetkit etcd replace",
            runbook=_BY_ITSELF,
        ),
        Drill(
            name="kill the majority",
            fault="`fault kill`",
            verdict="lost",
            says="down",
            next="fleetkit etcd restore",
            runbook=_BY_ITSELF,
        ),
        Drill(
            name="kill all",
            fault="`fault kill`",
            verdict="lost",
            says="down",
            next="fleetkit etcd restore",
            runbook=_BY_ITSELF,
        ),
        Drill(
            name="kill and wipe one follower",
            fault="`fault wipe`",
            verdict="degraded",
            says="down",
            next="fleetkit etcd replace",
            runbook="`fleetkit etcd replace`",
        ),
    )
}
"""By their names, in the order in which the page shows them."""


def render_drills_table(file: Path = RESULTS_FILE) -> str:
    """Return the Markdown table of all drills with the recovery times of a file, and where they were measured."""
    results: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    rows = "".join(_row(one, results["recovered"]) for one in DRILLS.values())
    return f"{_HEAD}{rows}\nMeasured on {results['measured']}: {results['machine']}.\n"


def _row(drill: Drill, recovered: Mapping[str, Any]) -> str:
    found = recovered.get(drill.name)
    took = "" if found is None else f"{found['s']:g} s, {found['acknowledged']} writes there"
    says = f"{drill.says} …" if not drill.next else f"{drill.says} … next: {drill.next} …"
    cells = (drill.name, drill.fault, drill.verdict, says, drill.runbook, drill.loss, took)
    return f"| {' | '.join(cells)} |\n"
