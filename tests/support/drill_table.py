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
_SINCE_BACKUP = "what was written since the last backup"
_BY_ITSELF = "none: its unit starts etcd again"
_HEAD = (
    "| drill | fault | verdict | what health and an inspection say | inspection | runbook | may be lost "
    "| recovered after |\n|---|---|---|---|---|---|---|---|\n"
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
        Of ``fleetkit etcd health``; what it and an inspection say has the following words.
    says
        Words in the reason of each member that was hit.
    next
        Words in what is told to do.
    runbook
        What brings the cluster back.
    loss
        Which acknowledged writes may be gone.
    told_by
        Which command tells of it; of what is no ill health, an inspection has nothing to say.
    """

    name: str
    fault: str
    verdict: str
    says: str
    next: str
    runbook: str
    loss: str = _NOTHING
    told_by: str = "etcd health"


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
            fault="`fault fill`",
            verdict="degraded",
            says="alarm NOSPACE",
            next="fleetkit etcd alarms",
            runbook="`fleetkit etcd defragment --compact`, `fleetkit etcd alarms --disarm`",
        ),
        Drill(
            name="expire a member's certificates",
            fault="`fault expire`",
            verdict="degraded",
            says="its server certificate expired",
            next="fleetkit certificates rotate",
            runbook="`fleetkit certificates rotate`",
        ),
        Drill(
            name="swap in a wrong certificate",
            fault="`fault swap`",
            verdict="degraded",
            says="its server certificate does not name",
            next="fleetkit certificates rotate",
            runbook="`fleetkit certificates rotate`",
        ),
        Drill(
            name="slow a disk",
            fault="`fault slow`",
            verdict="healthy",
            says="syncing the log takes",
            next="a faster disk",
            runbook="another disk: `fleetkit etcd replace`",
            told_by="etcd tune",
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
        Drill(
            name="kill and wipe the majority",
            fault="`fault wipe`",
            verdict="lost",
            says="down",
            next="fleetkit etcd restore",
            runbook="`fleetkit etcd restore`",
            loss=_SINCE_BACKUP,
        ),
        Drill(
            name="kill and wipe all",
            fault="`fault wipe`",
            verdict="healthy",
            says="",
            next="etcd lost its data and began anew",
            runbook="`fleetkit etcd restore --overwrite`",
            loss=_SINCE_BACKUP,
        ),
        Drill(
            name="stop and wipe all",
            fault="`systemctl stop etcd-member`, `fault wipe`",
            verdict="lost",
            says="down",
            next="fleetkit etcd restore",
            runbook="`fleetkit etcd restore`",
            loss=_SINCE_BACKUP,
        ),
    )
}
"""By their names, in the order in which the page shows them."""


def render_drills_table(file: Path = RESULTS_FILE) -> str:
    """Return the Markdown table of all drills with the recovery times of a file, and where they were measured."""
    results: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    rows = "".join(_row(one, results["drills"][one.name]) for one in DRILLS.values())
    return f"{_HEAD}{rows}\nMeasured on {results['measured']}: {results['machine']}.\n"


def _row(drill: Drill, found: Mapping[str, Any]) -> str:
    said = " … ".join(filter(None, [drill.says, f"next: {drill.next}" if drill.says else drill.next]))
    said = said if drill.told_by == "etcd health" else f"`fleetkit {drill.told_by}`: {said}"
    inspected = found["inspected"]
    lost = f", {found['lost']} lost" if drill.loss != _NOTHING else ""
    cells = (
        drill.name,
        drill.fault,
        drill.verdict,
        f"{said} …",
        f"{inspected['outcome']} after {inspected['took_s']:g} s",
        drill.runbook,
        drill.loss,
        f"{found['recovered_s']:g} s, {found['acknowledged']} writes there{lost}",
    )
    return f"| {' | '.join(cells)} |\n"
