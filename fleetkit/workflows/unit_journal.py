"""What a unit said on the machine that ran it: the last lines of that machine's journal, or each as it comes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence

from fleetkit.core import FleetError, FleetkitError, NotFoundError
from fleetkit.fleet import Machine, UnitStatus
from fleetkit.ssh import follow_command, leash_command, run_command
from fleetkit.workflows._rotation_machines import FleetMachine, list_machines
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.reading_units import OpenFleet
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["UnitJournal", "find_machines", "read_journals", "read_unit_journal"]

_MOST_LINES = 10_000
_LIMIT_S = 30.0


class UnitJournal:
    """The journals of a cluster's machines, through a way in that is open.

    Parameters
    ----------
    workspace
        The cluster.
    way
        The way in to it.
    """

    def __init__(self, workspace: Workspace, way: WayIn) -> None:
        self._workspace = workspace
        self._way = way
        self._known: dict[str, FleetMachine] | None = None

    def read(self, unit: str, machine: Machine, *, lines: int) -> tuple[str, ...]:
        """Return the last lines that a unit left in a machine's journal, the newest last.

        Raises
        ------
        AwsError, NotFoundError
            When what kind of machine it is cannot be found out, and so not its host key.
        SshError
            When the machine cannot be reached, or does not tell.
        """
        place = self._find(machine)
        words = ["sudo", *_journalctl(unit, lines)]
        with self._way.connect(place.address, role=place.role) as connection:
            said = run_command(connection, words, limit_s=_LIMIT_S).stdout
        return tuple(said.splitlines())

    def follow(self, unit: str, machine: Machine, *, lines: int, stop: threading.Event) -> Iterator[str]:
        """Yield what a unit says in a machine's journal, its last lines first, until ``stop`` is set.

        Nothing of it stays on the machine, whichever side breaks off.

        Raises
        ------
        AwsError, NotFoundError
            When what kind of machine it is cannot be found out, and so not its host key.
        SshError
            When the machine cannot be reached, or tells no more.
        """
        place = self._find(machine)
        # The leash is root's too: nobody else may end what root runs.
        words = ["sudo", *leash_command([*_journalctl(unit, lines), "--follow"])]
        with self._way.connect(place.address, role=place.role) as connection:
            yield from follow_command(connection, words, stop=stop)

    def _find(self, machine: Machine) -> FleetMachine:
        # A unit that is followed may move to a machine that was not there at first.
        if self._known is None or machine.primary_ip not in self._known:
            self._known = {one.address: one for one in list_machines(self._workspace)}
        try:
            return self._known[machine.primary_ip]
        except KeyError:
            raise NotFoundError(
                f"no machine of {self._workspace.cluster.name} has the address {machine.primary_ip!r}",
                known=sorted(self._known),
                hint="fleet tells of a machine for half a minute after it has gone",
            ) from None


def read_unit_journal(
    workspace: Workspace, reading: UnitReading, status: UnitStatus, *, lines: int = 100
) -> dict[str, tuple[str, ...]]:
    """Return what a unit said on each machine that has it, by the machine's address.

    Parameters
    ----------
    reading, status
        What was read of fleet, and what has become of the unit.
    lines
        The most lines of each machine, 1 to 10,000.

    Raises
    ------
    FleetError
        When no machine that is there has it.
    AwsError, NotFoundError, SshError
        When a machine cannot be reached, or does not tell.
    """
    machines = find_machines(reading, status)
    if not machines:
        raise FleetError(
            f"no machine has {status.name}, and so nobody its journal",
            seen=f"it is {status.verdict}{f': {status.reason}' if status.reason else ''}",
            hint=f"fleetkit units status {status.name} says what to do",
        )
    with open_way_in(workspace) as way:
        journal = UnitJournal(workspace, way)
        shown = max(1, min(lines, _MOST_LINES))
        return {one.primary_ip: journal.read(status.name, one, lines=shown) for one in machines}


def read_journals(
    workspace: Workspace, fleet: OpenFleet, names: Collection[str], *, lines: int
) -> dict[str, tuple[str, ...]]:
    """Return what units said last, by name and place; that a machine does not tell is told in its place.

    Parameters
    ----------
    fleet
        The cluster's, with what was read of it.
    names
        The units; one that no machine has is left out.
    lines
        The most lines of each machine.
    """
    found: dict[str, tuple[str, ...]] = {}
    if fleet.way is None:
        return found
    journal = UnitJournal(workspace, fleet.way)
    for name in names:
        status = fleet.reading.find_status(name)
        for machine in () if status is None else find_machines(fleet.reading, status):
            place = f"{name} on {machine.primary_ip}"
            try:
                found[place] = journal.read(name, machine, lines=lines)
            except FleetkitError as error:
                found[place] = (f"it could not be read: {error.without_hint}",)
    return found


def _journalctl(unit: str, lines: int) -> list[str]:
    # Only root and the group systemd-journal may read what units said.
    return ["journalctl", "--no-pager", "-o", "short-iso", "-n", str(lines), "-u", unit]


def find_machines(reading: UnitReading, status: UnitStatus) -> Sequence[Machine]:
    """Return the machines that have a unit and are there."""
    told = {one.machine_id for one in status.states}
    return [one for one in reading.machines if one.id in told]
