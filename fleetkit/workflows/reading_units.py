"""Units and machines: one reading of what fleet and its machines tell, and what has become of each unit.

Changes nothing. A reading that failed is an error and never an empty list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from fleetkit.core import FleetError, SshError, format_utc, utc_now
from fleetkit.fleet import (
    FleetClient,
    FleetEndpoint,
    FleetLimits,
    Machine,
    Unit,
    UnitState,
    UnitStatus,
    UnitText,
    is_template,
    judge_units,
)
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import open_way_in

__all__ = ["UnitReading", "read_units", "read_units_through"]


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
    """

    at: str
    asked: str
    machines: tuple[Machine, ...]
    units: tuple[Unit, ...]
    states: tuple[UnitState, ...]
    statuses: tuple[UnitStatus, ...]
    missing: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()

    def find_unit(self, name: str) -> Unit | None:
        """Return a unit that fleet tells of; None for one that it does not, or stumbles over."""
        return next((one for one in self.units if one.name == name), None)

    def find_status(self, name: str) -> UnitStatus | None:
        """Return what has become of a unit; None for one that nobody knows."""
        return next((one for one in self.statuses if one.name == name), None)


def read_units(
    source: Workspace | FleetEndpoint,
    *,
    files: Mapping[str, UnitText] | None = None,
    names: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> UnitReading:
    """Read units and machines: of an endpoint, or of a cluster from the first of its masters whose fleet answers.

    Parameters
    ----------
    source
        The endpoint, or the cluster, which is reached through its way in.
    files
        What units ought to be made of, by name; an instance ought to be made of what its template is.
    names
        Units to look for even where no list tells of them.
    limits
        How long each wait for fleet may take.

    Raises
    ------
    FleetError
        When fleet could not be read, or no master's; says why of each.
    FleetkitError
        When the way in cannot be opened.
    """
    limits = limits or FleetLimits()
    if isinstance(source, FleetEndpoint):
        client = FleetClient(partial(source.connect, limit_s=limits.wait_s), limits=limits)
        return read_units_through(client, asked=source.url, files=files, names=names)
    return _read_from_masters(source, files=files, names=names, limits=limits)


def _read_from_masters(
    workspace: Workspace, *, files: Mapping[str, UnitText] | None, names: Collection[str], limits: FleetLimits
) -> UnitReading:
    troubles: dict[str, FleetError | SshError] = {}
    cluster = workspace.cluster
    with open_way_in(workspace) as way:
        for name, master in cluster.masters.items():
            try:
                with way.connect(master.address) as connection:
                    client = FleetClient(way.open_fleet_socket(connection), limits=limits)
                    asked = f"{name} ({master.address})"
                    found = read_units_through(client, asked=asked, files=files, names=names)
                return replace(found, passed_over=tuple(_tell_each(troubles)))
            except (FleetError, SshError) as error:
                # One machine's fleet may hang, or have lost its etcd, while another's still tells the truth.
                troubles[name] = error
    raise FleetError(
        f"the units of {cluster.name} could not be read from any of its masters",
        transient=any(one.transient for one in troubles.values()),
        seen="; ".join(_tell_each(troubles)),
        hint=f"fleetkit etcd health {cluster.name}: without its etcd fleet answers nothing; then fleet.service's "
        "journal on a master",
    )


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
        As for `read_units`.

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


def _tell_each(troubles: Mapping[str, FleetError | SshError]) -> Iterator[str]:
    for name, error in troubles.items():
        yield f"{name}: {error.without_hint}"


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
    found = {name: files.get(name) or files.get(_template_of(name)) for name in units}
    return {name: text for name, text in found.items() if text is not None}


def _template_of(name: str) -> str:
    stem, at, instance = name.partition("@")
    return f"{stem}@.{instance.rpartition('.')[2]}" if at else name


def _has_instance(name: str, units: Collection[str]) -> bool:
    return is_template(name) and any(_template_of(one) == name for one in units)
