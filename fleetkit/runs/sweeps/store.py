"""The sweeps of a folder: ``sweeps/<UTC time>-<notebook>/``, beside ``runs/``, whose records are each of one cluster.

While a sweep is under way its process holds a lock on that folder, as that of a run does on its record's.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from fleetkit.core import FleetkitError, NotFoundError, SettingsError
from fleetkit.runs._writing import replace_file
from fleetkit.runs.folders import is_record_name, is_under_way, make_numbered_folder, match_folders
from fleetkit.runs.sweeps.record import SweepRecord
from fleetkit.runs.sweeps.swept import SweepState

__all__ = ["PAGE_FILE", "SWEEP_FILE", "find_sweep", "list_sweeps", "make_sweep_folder", "read_sweep", "write_sweep"]

PAGE_FILE = "sweep.html"
SWEEP_FILE = "sweep.json"


def make_sweep_folder(home: Path, record: SweepRecord) -> Path:
    """Make the folder of a new sweep and return it; two that begin in one second get folders of their own.

    Parameters
    ----------
    home
        Folder that holds ``clusters/``, ``runs/`` and ``sweeps/``.

    Raises
    ------
    SettingsError
        When it cannot be made.
    """
    stem = f"{record.started:%Y%m%dT%H%M%SZ}-{record.notebook}"
    try:
        return make_numbered_folder(home / "sweeps", stem)
    except OSError as error:
        raise SettingsError(
            f"no sweep can be recorded under {home / 'sweeps'}",
            seen=str(error),
            hint="sweep from a folder that you may write to",
        ) from error


def write_sweep(folder: Path, record: SweepRecord, *, page: str) -> None:
    """Write what is known of a sweep, whole or not at all.

    Parameters
    ----------
    page
        The page that shows it.

    Raises
    ------
    FleetkitError
        When the folder cannot be written to.
    """
    text = json.dumps(record.to_json(), indent=1, ensure_ascii=False) + "\n"
    # A name that is not UTF-8 leaves halves of characters in a text.
    replace_file(folder / PAGE_FILE, page.encode("utf-8", "backslashreplace"))
    replace_file(folder / SWEEP_FILE, text.encode("utf-8", "backslashreplace"))


def read_sweep(folder: Path) -> SweepRecord:
    """Read a sweep; of one whose process is gone, the runs that were under way count as stopped.

    Raises
    ------
    NotFoundError
        When there is none.
    FleetkitError
        When it is damaged; the message names the field.
    """
    path = folder / SWEEP_FILE
    try:
        record = SweepRecord.from_json(json.loads(path.read_text(encoding="utf-8")), where=str(path))
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no sweep", seen=f"no {SWEEP_FILE}") from error
    except (OSError, RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FleetkitError(
            f"the sweep {path} cannot be read",
            seen=str(error),
            hint="the records of its runs under runs/ stand on their own; sweep all clusters anew",
        ) from error
    if record.ended is not None or is_under_way(folder):
        return record
    cut_off = [
        dataclasses.replace(one, state=SweepState.STOPPED, reason="the sweep was killed while this run was under way")
        if one.state is SweepState.RUNNING
        else one
        for one in record.clusters
    ]
    return dataclasses.replace(record, interrupted=True, clusters=tuple(cut_off))


def list_sweeps(home: Path) -> tuple[Path, ...]:
    """Return the folders of all sweeps under ``home``, the newest first."""
    found = (path for path in (home / "sweeps").glob("*") if path.is_dir() and is_record_name(path.name))
    return tuple(sorted(found, key=lambda path: path.name, reverse=True))


def find_sweep(home: Path, name: str) -> Path:
    """Return the folder of the sweep called ``name``.

    Parameters
    ----------
    name
        Its id, the start of one, ``latest``, or a folder.

    Raises
    ------
    NotFoundError
        When none, or more than one, goes by that name; lists those that there are.
    """
    if (Path(name) / SWEEP_FILE).is_file():
        return Path(name)
    folders = list_sweeps(home)
    if not folders:
        raise NotFoundError(
            f"there is no sweep under {home / 'sweeps'} yet", hint="fleetkit sweep NOTEBOOK leaves one there"
        )
    matching = match_folders(folders, name)
    if len(matching) == 1:
        return matching[0]
    raise NotFoundError(
        f"no single sweep under {home / 'sweeps'} is called {name!r}",
        known=[path.name for path in (matching or folders)[:10]],
        hint="name a folder under sweeps/, or latest",
    )
