"""One run of a schedule, as whoever keeps the times begins it: alone, limited, tried again where that can help."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import SYSTEM_CLOCK, Clock, FleetkitError, Signer, format_duration, utc_now
from fleetkit.runs import (
    EventKind,
    Follow,
    NotebookFile,
    OnEvent,
    Outcome,
    RunLimits,
    RunRecord,
    Scheduling,
    StoredRun,
    check_parameters,
    execute_notebook,
    find_notebook,
    list_record_folders,
    no_follower,
    read_journal,
    read_parameters,
    read_run,
)
from fleetkit.schedule.entry import Entry, grace_s
from fleetkit.schedule.holding import hold_schedule
from fleetkit.schedule.standing import read_unattended, require_schedulable
from fleetkit.schedule.times import judge_times

__all__ = ["Attendants", "list_scheduled_runs", "run_entry"]


def _ignore(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendants:
    """Who has a hand in a run: they are handed over, for each belongs to another room.

    Attributes
    ----------
    signer
        Signs the journal; where there is none it stays unsigned.
    follow
        Sends the record while the run goes on.
    tell
        Told of the run when it has ended, once for all its attempts; what it does about that is its own affair.
    on_event
        Told of the run's progress.
    say
        Told in words what a person should know.
    clock
        Lets time pass between two attempts.
    """

    signer: Signer | None = None
    follow: Follow = no_follower
    tell: Callable[[StoredRun], None] | None = None
    on_event: OnEvent | None = None
    say: Callable[[str], None] = _ignore
    clock: Clock = SYSTEM_CLOCK


def run_entry(entry: Entry, *, folder: Path, attendants: Attendants) -> StoredRun:
    """Run a schedule's notebook once, and return the record of the last attempt.

    A run that fails is no error here: its record says so. An attempt is followed by another one where its error says
    that it may pass, and nothing was approved or changed by then; never after a refusal.

    Parameters
    ----------
    folder
        The folder that is worked in.

    Raises
    ------
    BusyError
        When another process runs the same schedule.
    NotFoundError, SettingsError
        When notebook or parameters are not what they were when it was added.
    PreconditionError
        When the notebook may not be run with nobody there.
    """
    with hold_schedule(folder, entry.name):
        notebook, values = _prepare(entry, folder)
        before = _read_attempts_before(entry, folder)
        schedule = judge_times(entry, before, now=utc_now())
        if schedule.note:
            attendants.say(schedule.note)
        stored = _run_attempts(entry, notebook, values, schedule=schedule, folder=folder, attendants=attendants)
        if attendants.tell is not None:
            attendants.tell(stored)
        return stored


def list_scheduled_runs(entry: Entry, *, folder: Path, limit: int | None = None) -> list[StoredRun]:
    """Return the runs of a schedule whose records lie in the folder that is worked in, the newest first.

    A record that cannot be read says of no schedule that it belongs to it.

    Parameters
    ----------
    limit
        The newest so many; older records are not read.
    """
    return list(itertools.islice(_read_runs(entry, folder), limit))


def _read_runs(entry: Entry, folder: Path) -> Iterator[StoredRun]:
    notebook = Path(entry.notebook).stem
    for place in list_record_folders(folder / "runs", cluster=_label(entry)):
        # By its name first: a year of a schedule that is due each minute is half a million records.
        if f"Z-{notebook}" not in place.name:
            continue
        try:
            stored = read_run(place)
        except FleetkitError:
            continue
        schedule = stored.record.schedule
        if stored.record.notebook == notebook and schedule is not None and schedule.name == entry.name:
            yield stored


def _read_attempts_before(entry: Entry, folder: Path) -> list[RunRecord]:
    """Return the attempts of the last run, the newest first."""
    attempts = []
    for one in _read_runs(entry, folder):
        attempts.append(one.record)
        if one.record.schedule is None or one.record.schedule.attempt == 1:
            break
    return attempts


def _label(entry: Entry) -> str:
    """Return the name that records lie under."""
    return Path(entry.cluster).name.removesuffix(".toml") if entry.cluster else "none"


def _prepare(entry: Entry, folder: Path) -> tuple[NotebookFile, Mapping[str, Any]]:
    """Find the notebook and its parameters, and make sure anew that they may be run with nobody there."""
    notebook = find_notebook(entry.notebook, folder=folder)
    node = notebook.read()
    known = read_parameters(node)
    named = {parameter.name for parameter in known}
    require_schedulable(
        notebook.name, read_unattended(node), asks="approve" in named, approve=entry.approve, cluster=_label(entry)
    )
    own = {"cluster": entry.cluster, "approve": entry.approve}
    values = {**entry.parameters, **{name: value for name, value in own.items() if name in named and value}}
    for parameter in known:
        if isinstance(parameter.default, tuple) and isinstance(values.get(parameter.name), list):
            values[parameter.name] = tuple(values[parameter.name])
    return notebook, check_parameters(values, known=known)


def _run_attempts(
    entry: Entry,
    notebook: NotebookFile,
    values: Mapping[str, Any],
    *,
    schedule: Scheduling,
    folder: Path,
    attendants: Attendants,
) -> StoredRun:
    clock, say = attendants.clock, attendants.say
    deadline = clock.monotonic() + entry.timeout_s
    wait_s, attempt = entry.backoff_s, 1
    while True:
        stored = execute_notebook(
            notebook,
            cluster=_label(entry),
            folder=folder,
            parameters=values,
            limits=RunLimits(run_s=deadline - clock.monotonic(), grace_s=grace_s(entry)),
            signer=attendants.signer,
            on_event=attendants.on_event,
            schedule=dataclasses.replace(schedule, attempt=attempt),
            follow=attendants.follow,
        )
        if attempt > entry.retries or not _may_pass(stored):
            return stored
        if clock.monotonic() + wait_s >= deadline:
            say(f"attempt {attempt} failed, and the time limit leaves no room for another one")
            return stored
        attempt += 1
        say(f"the failure may pass: attempt {attempt} begins in {format_duration(wait_s)}")
        clock.sleep(wait_s)
        wait_s *= 2


def _may_pass(stored: StoredRun) -> bool:
    """Tell whether to try again: the error says that it may pass, and nothing was approved or changed before it."""
    record = stored.record
    if record.outcome is not Outcome.FAILED or record.error is None or not record.error.transient:
        return False
    try:
        kinds = {event.kind for event in read_journal(stored.folder)}
    except FleetkitError:
        # What was changed is not known then.
        return False
    return not kinds & {EventKind.APPROVAL, EventKind.CHANGE}
