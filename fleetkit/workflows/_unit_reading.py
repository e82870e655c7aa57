"""Units and machines: one reading of what fleet and its machines tell, and what has become of each unit.

Changes nothing. A reading that failed is an error and never an empty list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fleetkit.core import FleetError, format_utc, utc_now
from fleetkit.fleet import (
    FleetClient,
    Machine,
    Unit,
    UnitState,
    UnitStatus,
    UnitText,
    UnitVerdict,
    is_template,
    judge_units,
    template_of,
)

__all__ = ["UnitReading", "read_units_through"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReading:
    """What was read of fleet at one time.

    Attributes
    ----------
    at
        When the reading began, in UTC: nothing in it is older.
    asked
        Whose fleet answered.
    machines, units, states
        As fleet tells of them.
    statuses
        What has become of each unit that fleet or a machine knows, by name.
    missing
        Names of unit files that fleet does not know.
    passed_over
        Who was asked before in vain, and why, one sentence each.
    unheard
        Which machines fleet has not heard of when it should have, or why that is not known; empty where all is well,
        or nobody looked.
    """

    at: str
    asked: str
    machines: tuple[Machine, ...]
    units: tuple[Unit, ...]
    states: tuple[UnitState, ...]
    statuses: tuple[UnitStatus, ...]
    missing: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    unheard: str = ""

    def find_unit(self, name: str) -> Unit | None:
        """Return a unit that fleet tells of; None for one that it does not, or stumbles over."""
        return next((one for one in self.units if one.name == name), None)

    def knows(self, name: str) -> bool:
        """Whether fleet has a unit, be it one that it stumbles over."""
        status = self.find_status(name)
        is_poisoned = status is not None and status.verdict is UnitVerdict.POISONED
        return is_poisoned or self.find_unit(name) is not None

    def find_status(self, name: str) -> UnitStatus | None:
        """Return what has become of a unit; None for one that nobody knows."""
        return next((one for one in self.statuses if one.name == name), None)


def read_units_through(
    client: FleetClient,
    *,
    asked: str,
    files: Mapping[str, UnitText] | None = None,
    names: Collection[str] = (),
) -> UnitReading:
    """Read units and machines through a client, and judge what was read.

    Parameters
    ----------
    asked
        Whose fleet it is, for people.
    files, names
        What units ought to be made of, and units to look for even where no list tells of them; see `open_fleet`.

    Raises
    ------
    FleetError
        When fleet could not be read.
    """
    at = format_utc(utc_now())
    files = {} if files is None else files
    try:
        # fleet gives no picture of one moment, so each list is read after those that it has to explain.
        # States come first: whatever a machine runs was in fleet before, so that a list of units that is read later
        # still has it, or it was destroyed. The other way round, a unit that starts in between would be an orphan.
        states = client.list_states()
        units = {one.name: one for one in client.list_units()}
        strangers = {one.name for one in states} | set(files) | set(names)
        poisoned = _look_for(client, sorted(strangers - set(units)), units)
        # Machines come last: one that units were placed on had joined before, so that it is still told, or it is
        # gone. The other way round, a unit on a machine that joins in between would look stale, and one that only
        # this machine takes would look as if none did.
        machines = client.list_machines()
    except FleetError as error:
        raise FleetError(
            f"units and machines could not be read from {asked}",
            transient=error.transient,
            seen=error.without_hint,
            hint=error.hint or "see fleet.service's journal on that machine, and etcd's health",
        ) from error
    expected = _expect_of(units, files)
    known = set(units) | poisoned
    return UnitReading(
        at=at,
        asked=asked,
        machines=machines,
        units=tuple(units[name] for name in sorted(units)),
        states=states,
        statuses=judge_units(list(units.values()), states, machines, files=expected, poisoned=poisoned),
        missing=tuple(name for name in sorted(files) if name not in known and not _has_instance(name, units)),
    )


def _look_for(client: FleetClient, names: Iterable[str], units: dict[str, Unit]) -> set[str]:
    """Ask for units that no list tells of; add those that are there after all, and return those that are poisoned."""
    poisoned = set()
    for name in names:
        try:
            found = client.read_unit(name)
        except FleetError:
            # Either fleet is ill, and then its list fails as well; or it is this unit alone, again and again.
            client.list_units()
            if not client.stumbles_over(name):
                raise
            poisoned.add(name)
        else:
            if found is not None:
                units[name] = found
    return poisoned


def _expect_of(units: Iterable[str], files: Mapping[str, UnitText]) -> dict[str, UnitText]:
    """Return what each unit ought to be made of: its own file, or that of its template."""
    found = {name: files.get(name) or files.get(template_of(name)) for name in units}
    return {name: text for name, text in found.items() if text is not None}


def _has_instance(name: str, units: Collection[str]) -> bool:
    return is_template(name) and any(template_of(one) == name for one in units)
