"""fleet's units and machines as rows for people: the worse first, and what each verdict asks of whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fleetkit.fleet import Machine, MachineLoad, Unit, UnitStatus, UnitVerdict
from fleetkit.views._frames import build_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FLEET_MACHINE_COLUMNS",
    "UNIT_COLUMNS",
    "UNIT_SKELETON",
    "count_verdicts",
    "fleet_machine_rows",
    "fleet_machines_frame",
    "name_machine",
    "render_verdicts_table",
    "tell_next_step",
    "unit_rows",
    "units_frame",
]

UNIT_COLUMNS = ("name", "verdict", "desired", "machine", "reason")
"""What is told of each unit."""

FLEET_MACHINE_COLUMNS = ("id", "address", "metadata", "units", "running")
"""What is told of each machine that has joined fleet."""

UNIT_SKELETON = "[Unit]\nDescription=\n\n[Service]\nExecStart=\n\n[X-Fleet]\n"
"""What whoever writes a unit from nothing begins with."""

_ORDER = tuple(UnitVerdict)
_MEANINGS = {
    UnitVerdict.FAILED: (
        "it was launched, and systemd gave it up; fleet still says launched, and starts it no more",
        "read what it said last (fleetkit units journal NAME, or journalctl -u NAME on its machine), mend it, then "
        "start it anew (fleetkit units start NAME)",
    ),
    UnitVerdict.UNSCHEDULABLE: (
        "no machine takes it, and fleet says neither that nor why; the reason is reckoned for each machine",
        "change what its [X-Fleet] asks for, or bring a machine that has it",
    ),
    UnitVerdict.STALE: (
        "its machine is gone, or silent for longer than it may be; what is told of it is what that machine said last",
        "look again in half a minute: fleet places it anew; if it does not, see etcd's health, then fleet.service",
    ),
    UnitVerdict.POISONED: (
        "a state that is none was asked for: fleet leaves it out of its list, and answers 500 for it until it is freed",
        "free it (fleetkit units free NAME), then ask for a state again",
    ),
    UnitVerdict.ORPHANED: (
        "a machine has it, and fleet does not know it any more",
        "nothing for a minute after it was destroyed; what is left then is to be stopped on that machine (systemctl "
        "stop)",
    ),
    UnitVerdict.DRIFTED: (
        "the machine has another unit of that name than fleet, or fleet has another than the file",
        "a machine takes over what fleet has within seconds; where fleet is another than the file, send the file "
        "(fleetkit units deploy)",
    ),
    UnitVerdict.WAITING: (
        "it was asked for, and is not there yet",
        "look again: fleet takes one to five seconds; what waits longer is starting, as its machine says",
    ),
    UnitVerdict.ENDED: (
        "it was launched, and has come to its end without a failure",
        "nothing where it does its work once; a service that is to stay wants Restart=",
    ),
    UnitVerdict.LOADED: ("a machine has it and does not run it, as was asked for", "nothing"),
    UnitVerdict.INACTIVE: ("it is on no machine, as was asked for", "nothing"),
    UnitVerdict.RUNNING: ("systemd runs it", "nothing"),
}
"""What each verdict means, and what is to be done about it."""


def unit_rows(
    statuses: Iterable[UnitStatus], *, units: Iterable[Unit], machines: Sequence[Machine]
) -> list[tuple[str, ...]]:
    """Return one row for each unit, as `UNIT_COLUMNS` names its cells; the worse first."""
    placed = {one.name: one.machine_id for one in units}
    return [
        (
            one.name,
            str(one.verdict),
            one.desired_state,
            _tell_place(one, placed.get(one.name, ""), machines),
            one.reason,
        )
        for one in sorted(statuses, key=lambda one: (_ORDER.index(one.verdict), one.name))
    ]


def units_frame(statuses: Iterable[UnitStatus], *, units: Iterable[Unit], machines: Sequence[Machine]) -> pd.DataFrame:
    """Return one row for each unit, the worse first: ``name verdict desired machine reason``."""
    rows = [dict(zip(UNIT_COLUMNS, row, strict=True)) for row in unit_rows(statuses, units=units, machines=machines)]
    return build_frame(rows, UNIT_COLUMNS)


def count_verdicts(statuses: Iterable[UnitStatus]) -> str:
    """Say how many units there are and of each verdict how many, the worse first."""
    found = [one.verdict for one in statuses]
    counts = [f"{found.count(one)} {one}" for one in _ORDER if one in found]
    return f"{_count(len(found), 'unit')}: {', '.join(counts)}" if found else "no units"


def tell_next_step(verdict: UnitVerdict, *, name: str) -> str:
    """Say what is to be done about a unit; empty where nothing is."""
    step = _MEANINGS[verdict][1]
    return "" if step == "nothing" else step.replace("NAME", name)


def fleet_machine_rows(loads: Iterable[MachineLoad]) -> list[tuple[str, str, str, int, int]]:
    """Return one row for each machine, as `FLEET_MACHINE_COLUMNS` names its cells, by id."""
    return sorted(
        (
            one.machine.id,
            one.machine.primary_ip,
            ",".join(f"{key}={value}" for key, value in sorted(one.machine.metadata.items())),
            len(one.units),
            len(one.running),
        )
        for one in loads
    )


def fleet_machines_frame(loads: Iterable[MachineLoad]) -> pd.DataFrame:
    """Return one row for each machine that has joined fleet: ``id address metadata units running``."""
    rows = [dict(zip(FLEET_MACHINE_COLUMNS, row, strict=True)) for row in fleet_machine_rows(loads)]
    return build_frame(rows, FLEET_MACHINE_COLUMNS, numbers=("units", "running"))


def name_machine(machine_id: str, machines: Iterable[Machine]) -> str:
    """Return a machine's address, or the beginning of its id where it has none or is not there."""
    return next((one.primary_ip for one in machines if one.id == machine_id), "") or machine_id[:8]


def render_verdicts_table() -> str:
    """Return all verdicts as a table in Markdown, for the documentation."""
    lines = ["| verdict | exit code | what it means | what to do next |", "|---|---|---|---|"]
    for one in _ORDER:
        meaning, step = _MEANINGS[one]
        lines.append(f"| {one} | {3 if one.is_amiss else 0} | {meaning} | {step} |")
    return "\n".join(lines) + "\n"


def _tell_place(status: UnitStatus, placed: str, machines: Sequence[Machine]) -> str:
    if status.is_global:
        return "global"
    # What fleet does not know, or stumbles over, is where machines say that they have it.
    where = [placed] if placed else [one.machine_id for one in status.states if not status.desired_state]
    return ", ".join(name_machine(one, machines) for one in where)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
