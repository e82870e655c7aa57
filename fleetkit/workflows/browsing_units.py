"""Units and machines of a cluster at one moment: tables, what is amiss, and what failed units said last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetkit.fleet import MachineLoad, UnitFiles, UnitStatus, UnitVerdict, list_loads
from fleetkit.runs import EventKind
from fleetkit.views import (
    count_verdicts,
    fleet_machines_frame,
    machine_cards_html,
    machine_cards_lines,
    tell_next_step,
    units_frame,
)
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.inspecting import Section
from fleetkit.workflows.reading_units import open_fleet
from fleetkit.workflows.unit_journal import read_journals
from fleetkit.workflows.unit_places import read_unit_places

__all__ = ["LastWords", "MachineCards", "SeenUnits", "browse_units"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LastWords(Shown):
    """What failed units said last.

    Attributes
    ----------
    lines
        Name and place of each to its last lines, or to why they are not known.
    """

    lines: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        told = []
        for place, lines in self.lines.items():
            told += [f"{place}:", *(f"  {line}" for line in lines)]
        return "\n".join(told) or "no unit has failed, or no journal was to be read"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MachineCards(Shown):
    """Each machine with the units that it carries.

    Attributes
    ----------
    loads
        The machines.
    statuses
        What has become of their units.
    """

    loads: tuple[MachineLoad, ...]
    statuses: tuple[UnitStatus, ...]

    def __str__(self) -> str:
        return "\n".join(machine_cards_lines(self.loads, statuses=self.statuses))

    def _repr_html_(self) -> str:
        return machine_cards_html(self.loads, statuses=self.statuses)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SeenUnits(Shown):
    """What was seen of units and machines.

    Attributes
    ----------
    cluster
        Name of the cluster.
    summary
        One sentence: how many units there are, and of each verdict how many.
    units, machines
        A table each, with what is amiss.
    cards
        Each machine with the units that it carries.
    last_words
        What failed units said last.
    """

    cluster: str
    summary: str
    units: Section
    machines: Section
    cards: MachineCards
    last_words: LastWords

    @property
    def outcome(self) -> str:
        """``findings`` when a unit is amiss, else ``done``."""
        return "findings" if self.units.findings or self.machines.findings else "done"

    def __str__(self) -> str:
        return self.summary


def browse_units(
    workspace: Workspace,
    *,
    folder: str = "",
    lines: int = 10,
    report: Reporter | None = None,
) -> SeenUnits:
    """Read units and machines once, and of each unit that has failed what it said last; changes nothing.

    Parameters
    ----------
    folder
        Unit files to compare with: a folder, one of a git repository, or one file; empty compares with nothing.
    lines
        The most lines of each journal; 0 reads none.

    Raises
    ------
    NotFoundError
        When there is no such folder, or no unit file in it.
    FleetError, SshError
        When fleet cannot be read; a journal that cannot be is told in its place.
    """
    told = report or Reporter()
    files = (
        read_unit_places([folder], folder=workspace.folder, environ=workspace.environ, report=told) if folder else None
    )
    told.note("reading units and machines")
    with open_fleet(workspace, files=files.units if files else None) as fleet:
        reading = fleet.doubt(fleet.reading)
        failed = [one.name for one in reading.statuses if one.verdict is UnitVerdict.FAILED]
        journals = read_journals(workspace, fleet, failed, lines=lines) if lines else {}
    loads = list_loads(reading.machines, units=reading.units, states=reading.states)
    counts = dict(Counter(str(one.verdict) for one in reading.statuses))
    told.record(EventKind.FACT, {"about": "units", "counts": counts, "machines": len(reading.machines)})
    return SeenUnits(
        cluster=workspace.cluster.name,
        summary=f"{count_verdicts(reading.statuses)} on {len(reading.machines)} machines ({reading.asked})",
        units=_make_units(reading, files),
        machines=_make_machines(reading, loads),
        cards=MachineCards(loads=loads, statuses=reading.statuses),
        last_words=LastWords(lines=journals),
    )


def _make_units(reading: UnitReading, files: UnitFiles | None) -> Section:
    amiss = [one for one in reading.statuses if one.verdict.is_amiss]
    findings = [
        f"{one.name} is {one.verdict}: {one.reason}; {tell_next_step(one.verdict, name=one.name)}" for one in amiss
    ]
    findings += [f"{name} is in a file, and not in fleet" for name in reading.missing]
    findings += [
        f"{one.unit} is compared with no file: {one.seen}; legal: {one.legal}"
        for one in (files.findings if files else ())
        if files and one.unit not in files.units
    ]
    return Section(
        title="Units",
        frame=units_frame(reading.statuses, units=reading.units, machines=reading.machines),
        findings=tuple(findings),
    )


def _make_machines(reading: UnitReading, loads: Sequence[MachineLoad]) -> Section:
    findings = [*filter(None, [reading.unheard]), *(f"passed over: {one}" for one in reading.passed_over)]
    return Section(
        title="Machines",
        frame=fleet_machines_frame(loads),
        findings=tuple(findings if reading.machines else ["no machine has joined", *findings]),
    )
