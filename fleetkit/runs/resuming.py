"""Going on for a run that did not end well: what it had finished, and what proves that this still holds.

A kernel's memory is gone with it, so a step that was finished is not simply skipped.
It is run again, as those of the package's notebooks may be: each looks at the world first and does what is missing.
A notebook whose step must not be done twice puts a probe before it, a code cell under the same heading
that is tagged ``probe`` and only looks. Where it shows ``True``, and an earlier run finished the step,
the cells after it are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import MASK, PreconditionError, SettingsError
from fleetkit.runs.journal import EventKind, read_journal
from fleetkit.runs.notebook_files import NotebookFile
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.parameters import Parameter
from fleetkit.runs.record import RunRecord, Way
from fleetkit.runs.store import StoredRun
from fleetkit.runs.stores import FolderStore, RunStore

__all__ = ["Resumption", "resume_run"]

_PROBE_TAG = "probe"
"""Tag of a code cell that shows ``True`` where the step that it stands before is done."""

_APPROVAL = "approve"
_ENDED_WELL = (Outcome.DONE, Outcome.FINDINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What a run takes over from the one that it goes on for.

    Attributes
    ----------
    run
        Id of that run.
    parameters
        Its parameters, without its approval: that was for another plan.
    finished
        Number of cells that ended well in one run, by the heading of their step.
    """

    run: str
    parameters: Mapping[str, Any]
    finished: Mapping[str, int]

    def spares(self, place: int, *, cells: Sequence[Any], titles: Mapping[int, str]) -> bool:
        """Tell whether a cell need not be run: its step was finished, and its probe has just said that this holds.

        Parameters
        ----------
        place
            The cell's place among ``cells``, whose probes before it have been run.
        titles
            Heading of each code cell, by its place.
        """
        if place not in titles or _is_probe(cells[place]):
            return False
        step = [other for other in titles if titles[other] == titles[place]]
        probes = [cells[other] for other in step if other < place and _is_probe(cells[other])]
        finished = self.finished.get(titles[place], 0) >= len(step)
        return finished and bool(probes) and all(_shows_true(probe) for probe in probes)


def _is_probe(cell: Any) -> bool:
    return _PROBE_TAG in cell["metadata"].get("tags", [])


def _shows_true(cell: Any) -> bool:
    shown = [output.get("data", {}).get("text/plain") for output in cell.get("outputs", ())]
    return bool(shown) and shown[-1] == "True"


def resume_run(
    stored: StoredRun, notebook: NotebookFile, *, known: Sequence[Parameter], stores: Sequence[RunStore] = ()
) -> Resumption:
    """Read what a run left, for another that goes on for it.

    Parameters
    ----------
    notebook
        The notebook that is to be run; it must be the one that the run was of.
    known
        The notebook's parameters.
    stores
        Where to look for the runs that it went on for itself, one after the other; beside it where not given.

    Raises
    ------
    PreconditionError
        When there is nothing to go on with, or not safely: the run goes on or ended well,
        a person drove it, or its notebook was another.
    SettingsError
        When a parameter was a secret, which the record does not hold.
    FleetkitError
        When a journal, an earlier record of that line or a store cannot be read.
    """
    record = stored.record
    if record.outcome is Outcome.RUNNING:
        raise PreconditionError(f"the run {record.id} is under way", hint="wait for its end, or stop it")
    if record.outcome in _ENDED_WELL:
        raise PreconditionError(f"the run {record.id} ran to its end", hint="run the notebook anew, without --resume")
    if record.way is Way.BY_HAND:
        raise PreconditionError(f"the run {record.id} was by hand", hint="go on in JupyterLab, or leave out --resume")
    _check_notebook(stored, notebook)
    finished: Counter[str] = Counter()
    for folder in _line_of(stored, stores or [FolderStore(stored.folder.parents[1])]):
        finished |= Counter(_steps_done(folder))
    parameters = {
        # JSON knows no tuples.
        parameter.name: tuple(value) if isinstance(parameter.default, tuple) else value
        for parameter in known
        if parameter.name != _APPROVAL and (value := record.parameters.get(parameter.name)) is not None
    }
    for name, value in parameters.items():
        if MASK in repr(value):
            raise SettingsError(f"the record holds no value of the parameter {name!r}", hint="start a run of its own")
    return Resumption(run=record.id, parameters=parameters, finished=finished)


def _check_notebook(stored: StoredRun, notebook: NotebookFile) -> None:
    started = next((event for event in read_journal(stored.folder) if event.kind is EventKind.RUN_STARTED), None)
    seen, said = notebook.sha256(), started and started.data.get("notebook_sha256")
    if seen != said:
        raise PreconditionError(
            f"the notebook {notebook.path} is not the one that the run {stored.record.id} was of",
            seen=f"its sha256 is {seen}, and the run's journal says {said}",
            hint="give the notebook as it was then, or run it anew, without --resume",
        )


def _line_of(stored: StoredRun, stores: Sequence[RunStore]) -> Iterator[Path]:
    """Yield the run's folder, and those of the runs that it went on for; one that was removed tells nothing."""
    seen: set[str] = set()
    earlier: StoredRun | None = stored
    while earlier is not None and earlier.record.id not in seen:
        seen.add(earlier.record.id)
        yield earlier.folder
        earlier = _find_resumed(earlier.record, stores)


def _find_resumed(record: RunRecord, stores: Sequence[RunStore]) -> StoredRun | None:
    for store in stores if record.resumes else ():
        listed = {folder.name: one for folder, one in store.list_runs(cluster=record.cluster).items()}
        found = listed.get(record.resumes)
        if isinstance(found, Exception):
            raise found
        if found is not None:
            return store.fetch_run(found)
    return None


def _steps_done(folder: Path) -> Iterator[str]:
    for event in read_journal(folder):
        if event.kind is EventKind.STEP_ENDED and event.data.get("status") == "done":
            yield str(event.data["step"])
