"""Preparing a sweep: which notebook, which clusters, and how many at once; nothing is run yet."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleetkit.config import Settings
from fleetkit.core import BusyError, SettingsError, current_user, utc_now
from fleetkit.runs import NotebookFile, check_parameters, find_notebook, parse_parameters
from fleetkit.runs.folders import is_under_way
from fleetkit.runs.sweeps import SweepRecord, SweepState, SweptCluster, find_sweep, read_sweep
from fleetkit.workflows._sweep_rules import find_swept_clusters, hold_for_sweep
from fleetkit.workflows.swept import PreparedSweep

__all__ = ["ALL_CLUSTERS", "SweepLimits", "prepare_sweep"]

ALL_CLUSTERS = ("clusters/*.toml",)
"""The cluster files that are meant where none are named."""

_RATE_PER_S = 5.0
# Amazon EC2 API, "Request throttling": of what is only read, an account may ask 20 a second for each action in a
# region, once a first hundred is spent. A quarter of that leaves the others theirs.
_TIMEOUT_S = 1800.0
_MOST_AT_ONCE = 8
_PER_CORE = 2
_RUN_BYTES = 400 * 1024**2
"""What a run and its kernel take of the memory, with room to spare; docs/sweep.md says what was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLimits:
    """How much a sweep may take of this computer, of AWS, and of time; None for what is sensible.

    Attributes
    ----------
    at_once
        The most runs under way at one time: two for each core, eight at the most, and what half of the memory holds.
    rate_per_s
        Calls a second that all runs on one account and region make together: FLEETKIT_AWS_RATE, or else 5.
    timeout_s
        Seconds that each run may take: half an hour.
    """

    at_once: int | None = None
    rate_per_s: float | None = None
    timeout_s: float | None = None


def prepare_sweep(
    notebook: str = "",
    *,
    clusters: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    limits: SweepLimits = SweepLimits(),
    failed_of: str = "",
    folder: Path | None = None,
) -> PreparedSweep:
    """Find out what would be swept; nothing is run, and nothing is asked of anybody.

    Parameters
    ----------
    notebook
        Its number, name or path; that of the earlier sweep where not given.
    clusters
        Paths of cluster files, in which ``*`` stands for others; all of ``clusters/`` where empty.
        A sweep that goes on for an earlier one has that one's clusters.
    parameters
        Values for the notebook's parameters, beside its cluster.
    pairs
        More of them, as a person types them: names and texts.
    failed_of
        An earlier sweep, of which the clusters without an answer alone are run again: its id, the start of one,
        ``latest`` or a folder. What it was given holds again where nothing else is given.
    folder
        Folder that holds ``clusters/``; the current one where not given.

    Raises
    ------
    PreconditionError
        When the notebook changes something, or does not say that it changes nothing.
    NotFoundError
        When a notebook, a parameter, a sweep or a cluster file that is meant is not there.
    SettingsError
        When a parameter or a limit is not legal.
    BusyError
        When the earlier sweep is still under way.
    """
    # As the processes of the runs will see it, which tell where their records lie.
    home = (folder or Path.cwd()).resolve()
    earlier = _read_earlier(failed_of, home) if failed_of else None
    named = notebook or ("" if earlier is None else earlier.notebook_file or earlier.notebook)
    if not named:
        raise SettingsError("no notebook was named", hint="name one, or an earlier sweep: --failed")
    found = find_notebook(named, folder=home)
    if earlier is not None and found.name != earlier.notebook:
        raise SettingsError(
            f"the sweep {earlier.id} cannot be gone on for with {found.name}", seen=f"it was of {earlier.notebook}"
        )
    given = {**({} if earlier is None else earlier.parameters), **(parameters or {})}
    known = hold_for_sweep(found, found.read(), given={*given, *(name for name, _ in pairs)})
    given |= parse_parameters(pairs, known=known)
    swept = (
        find_swept_clusters(clusters or ALL_CLUSTERS, folder=home) if earlier is None else _again(earlier, folder=home)
    )
    at_once, rate_per_s, timeout_s = _choose(limits, earlier)
    record = SweepRecord(
        notebook=found.name,
        notebook_file=named if named.endswith(".ipynb") else "",
        notebook_sha256=found.sha256(),
        parameters=check_parameters(given, known=known),
        at_once=at_once,
        rate_per_s=rate_per_s,
        timeout_s=timeout_s,
        user=current_user(),
        started=utc_now(),
        resumes="" if earlier is None else earlier.id,
        clusters=swept,
    )
    return PreparedSweep(home=home, notebook=NotebookFile(path=found.path), record=record)


def _read_earlier(name: str, home: Path) -> SweepRecord:
    folder = find_sweep(home, name)
    if is_under_way(folder):
        raise BusyError(f"the sweep {folder.name} is still under way", hint="wait for its end, or stop it")
    return read_sweep(folder)


def _again(earlier: SweepRecord, *, folder: Path) -> tuple[SweptCluster, ...]:
    """Return an earlier sweep's clusters: those with an answer as they are, and the others as their files are now."""
    missing = [one for one in earlier.unanswered if not (folder / one.file).is_file()]
    gone = [
        SweptCluster(
            cluster=one.cluster,
            file=one.file,
            state=SweepState.UNUSABLE,
            reason=f"its cluster file {one.file} is gone",
            next_step="put it back, or sweep anew without it",
        )
        for one in missing
    ]
    there = [one.file for one in earlier.unanswered if one not in missing]
    answered = [replace(one, of_sweep=one.of_sweep or earlier.id) for one in earlier.clusters if one.state.has_answer]
    looked = find_swept_clusters(there, folder=folder)
    return tuple(sorted([*answered, *gone, *looked], key=lambda one: (one.cluster, one.file)))


def _choose(limits: SweepLimits, earlier: SweepRecord | None) -> tuple[int, float, float]:
    """Return how many run at once, how many calls a second they make, and how many seconds each may take."""
    at_once = limits.at_once or (_bear_at_once() if earlier is None else earlier.at_once)
    set_rate = Settings.from_environment(os.environ).aws_rate
    rate_per_s = limits.rate_per_s or (set_rate or _RATE_PER_S if earlier is None else earlier.rate_per_s)
    timeout_s = limits.timeout_s or (_TIMEOUT_S if earlier is None else earlier.timeout_s)
    # What a person writes into a cell may be a text, or half a run.
    numbers = type(at_once) is int and all(type(one) in (int, float) for one in (rate_per_s, timeout_s))
    if not numbers or at_once < 1 or timeout_s <= 0 or rate_per_s <= 0:
        raise SettingsError(
            "a limit of the sweep is not legal",
            seen=f"{at_once!r} at once, {rate_per_s!r} calls a second, {timeout_s!r} seconds for each run",
            hint="all three are numbers above zero, and the first is a whole one; 0 is for what is sensible",
        )
    return at_once, rate_per_s, timeout_s


def _bear_at_once() -> int:
    """Return how many runs this computer bears at one time: each is a kernel and the process that drives it."""
    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    at_once = min(_MOST_AT_ONCE, _PER_CORE * (cores or 1))
    meminfo = Path("/proc/meminfo")
    # Where the system does not tell what is available, the cores alone decide.
    found = re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text()) if meminfo.is_file() else None
    if found is not None:
        at_once = min(at_once, int(found[1]) * 1024 // 2 // _RUN_BYTES)
    return max(1, at_once)
