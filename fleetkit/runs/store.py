"""The records of a folder: where they lie, which there are, and reading one.

A record is ``runs/<cluster>/<UTC time>-<notebook>/``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import FleetkitError, NotFoundError, Results, SettingsError
from fleetkit.runs.folders import is_record_name, is_under_way, make_numbered_folder, match_folders
from fleetkit.runs.journal import JOURNAL_FILE
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.record import RunRecord

__all__ = [
    "NOTEBOOK_FILE",
    "REPORT_FILE",
    "RUN_FILE",
    "StoredRun",
    "choose_record",
    "find_record",
    "find_run",
    "foreign_folders",
    "list_record_folders",
    "list_runs",
    "make_record_folder",
    "parse_run",
    "read_run",
]

NOTEBOOK_FILE = "notebook.ipynb"
REPORT_FILE = "report.html"
RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A record as it lies in its folder.

    Attributes
    ----------
    folder
        The record's folder.
    record
        What ``run.json`` says; the outcome is ``abandoned`` where the run's process is gone.
    """

    folder: Path
    record: RunRecord

    @property
    def kind(self) -> tuple[str, str]:
        """Cluster and notebook: records of one kind can be compared."""
        return self.record.cluster, self.record.notebook

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / NOTEBOOK_FILE

    @property
    def report(self) -> Path:
        """The report, one HTML file."""
        return self.folder / REPORT_FILE


def make_record_folder(runs: Path, *, cluster: str, notebook: str, started: dt.datetime, elsewhere: str = "") -> Path:
    """Make the folder of a new record and return it.

    Two runs that start in the same second get folders of their own.

    Parameters
    ----------
    elsewhere
        Name of a record that is known and need not lie here: of the run that this one goes on for.

    Raises
    ------
    SettingsError
        When a name would lead out of ``runs``, or the folder cannot be made.
    """
    for what, name in (("cluster", cluster), ("notebook", notebook)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise SettingsError(
                f"a record cannot be named after the {what} {name!r}",
                hint="use letters, digits, dots, dashes and underscores",
            )
    stem = f"{started.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{notebook}"
    try:
        return make_numbered_folder(runs / cluster, stem, taken=elsewhere)
    except OSError as error:
        raise SettingsError(
            f"no record can be written under {runs}", seen=str(error), hint="run from a folder that you may write to"
        ) from error


def read_run(folder: Path) -> StoredRun:
    """Read the record in ``folder``.

    Raises
    ------
    NotFoundError
        When there is no record.
    FleetkitError
        When the record is damaged; the message names the field.
    """
    path = folder / RUN_FILE
    if not path.exists():
        raise NotFoundError(
            f"{folder} holds no record", seen=f"no {RUN_FILE}", hint="list the records: fleetkit runs list"
        )
    record = parse_run(path, where=str(path))
    if record.outcome is Outcome.RUNNING and not is_under_way(folder):
        record = dataclasses.replace(record, outcome=Outcome.ABANDONED, exit=Outcome.ABANDONED.exit)
    return StoredRun(folder=folder, record=record)


def parse_run(path: Path, *, where: str) -> RunRecord:
    """Read a ``run.json``, and believe what it says about the outcome.

    Parameters
    ----------
    where
        Where the file is or came from, for the error.

    Raises
    ------
    FleetkitError
        When the file is damaged; the message names the field.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise FleetkitError(
            f"the record {where} cannot be read",
            seen=str(error),
            hint=f"{NOTEBOOK_FILE} and {REPORT_FILE} beside it may still be read",
        ) from error
    return RunRecord.from_json(document, where=where)


def list_runs(runs: Path, *, cluster: str | None = None) -> Results[Path, StoredRun]:
    """Read every record under ``runs``, the newest first.

    Parameters
    ----------
    cluster
        Only the records of this cluster.

    Returns
    -------
    Results
        Folder to record, or to the error that kept it from being read.
    """
    read: dict[Path, StoredRun | Exception] = {}
    for folder in list_record_folders(runs, cluster=cluster):
        try:
            read[folder] = read_run(folder)
        except FleetkitError as error:
            read[folder] = error
    return Results(read)


def list_record_folders(runs: Path, *, cluster: str | None = None) -> list[Path]:
    """Return the folders of records under ``runs``, the newest first, and read none of them."""
    folders = [path for path in runs.glob(f"{cluster or '*'}/*") if path.is_dir() and is_record_name(path.name)]
    return sorted(folders, key=lambda path: (path.name, path.parent.name), reverse=True)


def foreign_folders(runs: Path, *, cluster: str | None = None) -> tuple[Path, ...]:
    """Return the folders where records lie that are none, by their names; hidden ones are nobody's business."""
    found = (path for path in runs.glob(f"{cluster or '*'}/*") if path.is_dir() and not is_record_name(path.name))
    return tuple(sorted(path for path in found if not path.name.startswith(".") and path.parent.name[0] != "."))


def find_record(runs: Path, name: str) -> Path:
    """Return the folder of the record called ``name``, whether it can be read or not.

    Parameters
    ----------
    name
        Its id, the start of one, ``latest``, or a folder.

    Raises
    ------
    NotFoundError
        When no record, or more than one, goes by that name; lists those that there are.
    """
    if (Path(name) / RUN_FILE).is_file() or (Path(name) / JOURNAL_FILE).is_file():
        return Path(name)
    return choose_record(list(list_runs(runs)), name, place=str(runs))


def choose_record(folders: Sequence[Path], name: str, *, place: str) -> Path:
    """Return the one record's folder that ``name`` means: an id, the start of one, or ``latest``.

    Parameters
    ----------
    folders
        Folders of records, the newest first.
    place
        Where they lie, for the error.

    Raises
    ------
    NotFoundError
        When none, or more than one, goes by that name; lists those that there are.
    """
    matching = match_folders(folders, name)
    if len(matching) == 1:
        return matching[0]
    raise NotFoundError(
        f"no single record under {place} is called {name!r}",
        known=[f"{path.parent.name}/{path.name}" for path in (matching or folders)[:10]],
        hint="list the records: fleetkit runs list",
    )


def find_run(runs: Path, name: str) -> StoredRun:
    """Read the record that `find_record` finds.

    Raises
    ------
    NotFoundError
        When no record, or more than one, goes by that name; lists those that there are.
    FleetkitError
        When the record is damaged.
    """
    return read_run(find_record(runs, name))
