"""Adding and removing schedules: the file under ``schedules/``, and what the one who keeps the times needs."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.config import Settings, find_cluster, load_cluster
from fleetkit.core import FleetkitError, SettingsError, utc_now
from fleetkit.runs import check_parameters, find_notebook, list_notebooks, parse_parameters, read_parameters
from fleetkit.schedule.cron_line import CronLine
from fleetkit.schedule.entries import entry_file, read_entry, write_entry
from fleetkit.schedule.entry import Entry, Order, SchedulerKind, require_name
from fleetkit.schedule.environment import choose_environment
from fleetkit.schedule.holding import hold_schedule, lock_file
from fleetkit.schedule.scheduler import Placement, Scheduler
from fleetkit.schedule.standing import read_unattended, require_schedulable

__all__ = ["Added", "Change", "Wish", "add_entry", "draft_entry", "find_program", "remove_entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for, as it was typed.

    Attributes
    ----------
    notebook, cluster, name
        As commands take them; an empty name is made of notebook and cluster.
    pairs
        Parameters as text, by their names.
    """

    notebook: str
    cluster: str
    line: CronLine
    on: SchedulerKind
    name: str = ""
    pairs: Sequence[tuple[str, str]] = ()
    approve: str = ""
    timeout_s: float = 3600.0
    retries: int = 2
    backoff_s: float = 30.0
    place: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Change(enum.StrEnum):
    """What became of a wish."""

    ADDED = "added"
    MENDED = "mended"
    """It was there, and what it had put in place was not: that was put there again."""
    NONE = "no change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What was added, or would be.

    Attributes
    ----------
    change
        ``added``, ``mended`` or ``no change``.
    placement
        What is put in place for it.
    next_steps
        What is left for a person to do.
    """

    entry: Entry
    change: str
    placement: Placement
    next_steps: tuple[str, ...] = ()


def draft_entry(wish: Wish, *, folder: Path, environ: Mapping[str, str]) -> Entry:
    """Make an entry of a wish; nothing is written.

    Raises
    ------
    NotFoundError
        When there is no such notebook or parameter.
    SettingsError
        When a value is not legal, or the cluster file is not there or not legal.
    PreconditionError
        When its runs, with nobody there, would have no approval or too little of one.
    """
    found = find_notebook(wish.notebook, folder=folder)
    node = found.read()
    known = read_parameters(node)
    named = {parameter.name for parameter in known}
    given = {name: value for name, value in parse_parameters(wish.pairs, known=known).items() if value is not None}
    values = check_parameters(given, known=known)
    for own in ("cluster", "approve"):
        if own in values:
            raise SettingsError(f"{own} is no parameter to be set by -p", hint=f"give it as --{own}")
    asked = wish.cluster or Settings.from_environment(environ).cluster or ""
    cluster = _cluster_name(asked, folder) if wish.cluster or "cluster" in named else ""
    require_schedulable(
        found.name, read_unattended(node), asks="approve" in named, approve=wish.approve, cluster=cluster
    )
    approve = str((folder / wish.approve).absolute()) if wish.approve.endswith(".json") else wish.approve
    packaged = found.path.resolve() in {one.path.resolve() for one in list_notebooks()}
    return Entry(
        name=require_name(wish.name or "-".join(filter(None, (found.name, cluster)))),
        notebook=found.name if packaged else str(found.path),
        cluster=cluster,
        line=wish.line,
        on=wish.on,
        added=utc_now().replace(microsecond=0),
        # The file knows no tuples.
        parameters={name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
        approve=approve,
        timeout_s=wish.timeout_s,
        retries=wish.retries,
        backoff_s=wish.backoff_s,
        environment=choose_environment(environ),
        place=wish.place,
    )


def _cluster_name(asked: str, folder: Path) -> str:
    paths = find_cluster(asked or None, folder=folder)
    load_cluster(str(paths.file), folder=folder)
    if paths.clusters is not None and paths.clusters.resolve() != (folder / "clusters").resolve():
        raise SettingsError(
            f"{paths.file} is not under {folder / 'clusters'}",
            hint="add the schedule in the folder that holds clusters/",
        )
    return paths.name


def add_entry(entry: Entry, scheduler: Scheduler, *, folder: Path, dry_run: bool = False) -> Added:
    """Add a schedule: write its file, and put in place what begins its runs.

    Where the same one is there already nothing is changed, but for what has gone of what was put in place.

    Raises
    ------
    SettingsError
        When another schedule has the name, or the scheduler cannot do what is asked for.
    FleetkitError, OSError
        When something cannot be written; nothing is left of it then.
    """
    order = Order(entry=entry, folder=folder, program=find_program())
    placement = scheduler.plan(order)
    there = read_entry(folder, entry.name) if entry_file(folder, entry.name).exists() else None
    if there is not None:
        _require_same(there, entry)
        entry = dataclasses.replace(there, wrote=there.wrote or placement.marks)
        order = dataclasses.replace(order, entry=entry)
        if not scheduler.find_missing(entry):
            return Added(entry=there, change=Change.NONE, placement=placement)
    change = Change.ADDED if there is None else Change.MENDED
    if dry_run:
        return Added(entry=entry, change=change, placement=placement)
    # The schedule's own file is first: who is killed here leaves one that names what is missing.
    file = write_entry(folder, dataclasses.replace(entry, wrote=placement.marks))
    try:
        entry = dataclasses.replace(entry, wrote=dict(scheduler.install(order, placement)))
    except (FleetkitError, OSError):
        if there is None:
            file.unlink()
        raise
    _note_wrote(entry, placement, scheduler, folder=folder)
    return Added(entry=entry, change=change, placement=placement, next_steps=scheduler.next_steps(order))


def _note_wrote(entry: Entry, placement: Placement, scheduler: Scheduler, *, folder: Path) -> None:
    """Write down what only the scheduler could say, such as an id; where that cannot be, nothing is left in place."""
    if entry.wrote == placement.marks:
        return
    try:
        write_entry(folder, entry)
    except OSError:
        scheduler.withdraw(entry)
        entry_file(folder, entry.name).unlink()
        raise


def _require_same(there: Entry, asked: Entry) -> None:
    """Refuse to take a name for something else; where a shell looks for programs is no difference."""
    fields = [field.name for field in dataclasses.fields(Entry) if field.name not in ("added", "wrote", "environment")]
    different = [name for name in fields if getattr(there, name) != getattr(asked, name)]
    before, after = ({**one.environment, "PATH": ""} for one in (there, asked))
    different += [f"environment.{name}" for name in sorted(before | after) if before.get(name) != after.get(name)]
    if different:
        raise SettingsError(
            f"there is a schedule {there.name} already, and it is another one",
            seen=f"it differs in {', '.join('cron' if name == 'line' else name for name in different)}",
            hint=f"choose another --name, or take it away first: fleetkit schedule remove {there.name}",
        )


def remove_entry(entry: Entry, scheduler: Scheduler, *, folder: Path) -> tuple[str, ...]:
    """Take a schedule away, and return what was taken: just what adding it had written. Its records stay.

    Raises
    ------
    BusyError
        When it is being run.
    PreconditionError
        When something was changed by somebody since; that stays, and the schedule too.
    """
    with hold_schedule(folder, entry.name):
        taken = scheduler.withdraw(entry)
        file = entry_file(folder, entry.name)
        file.unlink()
        lock_file(folder, entry.name).unlink(missing_ok=True)
    return (*taken, str(file))


def find_program() -> tuple[str, ...]:
    """Return the words that start this very fleetkit from anywhere, the first one absolute."""
    script = Path(sys.executable).parent / "fleetkit"
    return (str(script),) if script.is_file() else (sys.executable, "-m", "fleetkit.cli")
