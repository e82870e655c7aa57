"""Plan a change of units: a folder of unit files, units that are named, or the way back to what was before.

Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fleetkit.config import Approval
from fleetkit.fleet import DesiredState, FleetEndpoint, FleetLimits, ProbeRule, UnitFiles, expand_names
from fleetkit.workflows._lagging_units import find_lagging, refuse_roll, tell_lagging
from fleetkit.workflows._recording import record_plan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._unit_changes import (
    NAMED_ACTIONS,
    UnitAction,
    UnitChange,
    expect_to_stay,
    find_changes,
    find_named_changes,
    find_wanted,
)
from fleetkit.workflows._unit_probes import UnitProbes, find_probe
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._units_note import read_units_note
from fleetkit.workflows._units_plan import UnitsPlan, find_cautions, find_refusal, order_changes
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.reading_units import open_fleet

__all__ = ["NAMED_ACTIONS", "UnitAction", "UnitsPlan", "plan_unit_deploy", "plan_units", "plan_units_undo"]


def plan_unit_deploy(
    source: Workspace | FleetEndpoint,
    files: UnitFiles,
    *,
    instances: Collection[str] = (),
    desired: DesiredState = DesiredState.LAUNCHED,
    at_once: int = 0,
    rule: ProbeRule | None = None,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> UnitsPlan:
    """Plan how a folder of unit files becomes what fleet has; changes nothing.

    Parameters
    ----------
    source
        A cluster, or any fleet by its endpoint.
    files
        The unit files; a template is only kept by fleet, and its instances that are there become what it is.
    instances
        Instances that are to be there too, such as ``web@{1..3}.service``.
    desired
        What is asked for of units that are no templates.
    at_once
        The most instances of one template that run and are replaced at one time; 0 for any number. With a limit, a
        unit that ran and whose successor comes to its end counts as failed, but for one of the type ``oneshot``.
    rule
        Which units are asked whether they serve once they run, and how; what runs and does not serve is not there.
        None of them where not given. Those that need no change are asked now.
    limits
        How long each wait for fleet may take.

    Returns
    -------
    UnitsPlan
        Where a file would be refused, or fleet stumbles over a unit, its ``check`` refuses.

    Raises
    ------
    FleetError, SshError
        When fleet cannot be read.
    NotFoundError, SettingsError
        When an instance has no template, or a name is none.
    """
    told = report or Reporter()
    named = [name for pattern in instances for name in expand_names(pattern)]
    told.note("reading units and machines")
    with open_fleet(source, names=[*files.units, *named], limits=limits) as fleet:
        reading, probes = fleet.reading, UnitProbes(rule=rule or ProbeRule(), way=fleet.way)
        wanted = find_wanted(files, reading, instances=named, desired=desired)
        changes = find_changes(wanted, reading)
        asked = [one.name for one in changes if find_probe(one, probes.rule) is not None]
        if at_once or asked:
            changes = expect_to_stay(changes, reading, asked=asked)
        left = tuple(one.name for one in reading.units if one.name not in wanted)
        plan = _make_plan(
            source, changes, reading, names=wanted, files=files, at_once=at_once, left_alone=left, probes=probes
        )
    return record_plan(told, plan)


def plan_units(
    source: Workspace | FleetEndpoint,
    names: Collection[str],
    action: UnitAction,
    *,
    limits: FleetLimits | None = None,
    report: Reporter | None = None,
) -> UnitsPlan:
    """Plan how units that are named are started, stopped, unloaded or destroyed; changes nothing.

    Parameters
    ----------
    action
        One of START, STOP, UNLOAD and DESTROY. To start what has failed or ended is to restart it.

    Raises
    ------
    FleetError, SshError
        When fleet cannot be read.
    NotFoundError
        When fleet does not know one of them.
    PreconditionError
        When fleet stumbles over one of them.
    """
    told = report or Reporter()
    told.note("reading units and machines")
    with open_fleet(source, names=names, limits=limits) as fleet:
        reading = fleet.reading
    changes = find_named_changes(names, action, reading)
    return record_plan(told, _make_plan(source, changes, reading, names=names))


def plan_units_undo(
    workspace: Workspace, *, limits: FleetLimits | None = None, report: Reporter | None = None
) -> UnitsPlan:
    """Plan how the units of a cluster become what they were before the last change from this computer; changes nothing.

    A change that was broken off and given again is one change, and so is a way back.

    Raises
    ------
    FleetError, SshError
        When fleet cannot be read.
    NotFoundError
        When there was none.
    PreconditionError
        When fleet stumbles over a unit that was new.
    StalePlanError
        When the note of it cannot be read.
    """
    told = report or Reporter()
    before = read_units_note(workspace.paths.folder).before
    told.note("reading units and machines")
    with open_fleet(workspace, names=list(before), limits=limits) as fleet:
        reading = fleet.reading
    wanted = {name: its for name, its in before.items() if its is not None}
    fresh = [name for name, its in before.items() if its is None and reading.knows(name)]
    changes = (*find_changes(wanted, reading), *find_named_changes(fresh, UnitAction.DESTROY, reading))
    return record_plan(told, _make_plan(workspace, changes, reading, names=before, undoes=True))


def _make_plan(
    source: Workspace | FleetEndpoint,
    changes: Sequence[UnitChange],
    reading: UnitReading,
    *,
    names: Collection[str],
    files: UnitFiles | None = None,
    at_once: int = 0,
    left_alone: tuple[str, ...] = (),
    undoes: bool = False,
    probes: UnitProbes | None = None,
) -> UnitsPlan:
    lagging = find_lagging(names, changes, reading, at_once=at_once, probes=probes)
    waves, order = order_changes(changes, at_once=at_once, lagging=lagging)
    refused = find_refusal(changes, reading, files=files)
    return UnitsPlan(
        cluster=source.cluster.name if isinstance(source, Workspace) else source.name,
        rules=source.cluster.approval if isinstance(source, Workspace) else Approval(),
        waves=waves,
        unchanged=len(set(names)) - len(changes),
        left_alone=left_alone,
        cautions=(*find_cautions(changes, reading, order=order, files=files), *tell_lagging(lagging)),
        refused=refused or (refuse_roll(lagging, changes) if at_once else None),
        lagging=lagging,
        undoes=undoes,
        rule=ProbeRule() if probes is None else probes.rule,
        origins=() if files is None else files.origins,
    )
