"""Sending records to a bucket: what changed since it was sent last, and ``run.json`` after all the rest.

A reader who finds ``run.json`` therefore finds the files that it speaks of, and one whose sender was cut off
finds either none or one that says that the run is under way.
What was sent is noted beside the records, so that sending again costs nothing where nothing changed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fleetkit.core import FleetkitError, NotFoundError, PreconditionError, Results
from fleetkit.runs._writing import hash_file
from fleetkit.runs.journal import JOURNAL_FILE
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.remote.objects import RecordObjects
from fleetkit.runs.store import RUN_FILE, StoredRun, list_runs

__all__ = ["forget_pushed", "has_place", "is_pushed", "key_of", "push_pending", "push_record"]

_NOTES = ".pushed"
"""Folder beside the clusters' own, hidden from those who list records."""

_Sent = dict[str, str]
"""SHA-256 of each file as it was sent, by its name."""


def key_of(folder: Path) -> str:
    """Return what the keys of a record's files begin with."""
    return f"{folder.parent.name}/{folder.name}"


def push_record(folder: Path, objects: RecordObjects, *, always: bool = False) -> int:
    """Send what changed of the record in ``folder``, and return how many files were sent.

    Parameters
    ----------
    always
        Send ``run.json`` even where nothing changed: it tells those who read that the run is still under way.

    Raises
    ------
    NotFoundError
        When the folder holds no record.
    PreconditionError
        When another run's record lies in its place.
    FleetkitError
        When the bucket refuses or cannot be reached; what was sent until then is noted and not sent again.
    """
    noted = _read_notes(folder, objects.address)
    try:
        # Read before the others: what it says they hold is then in what is sent before it.
        run = (folder / RUN_FILE).read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no record", seen=f"no {RUN_FILE}") from error
    sent = 0 if noted else _take_place(folder, objects, noted)

    def send(name: str, content: bytes, *, anyway: bool = False) -> bool:
        sha256 = hashlib.sha256(content).hexdigest()
        if noted.get(name) == sha256 and not anyway:
            return False
        objects.write_object(f"{key_of(folder)}/{name}", content)
        noted[name] = sha256
        _write_notes(folder, objects.address, noted)
        return True

    others = [path for path in _files_of(folder) if path.name != RUN_FILE]
    sent += sum(send(path.name, path.read_bytes()) for path in others)
    return sent + send(RUN_FILE, run, anyway=always or sent > 0)


def push_pending(runs: Path, objects: RecordObjects) -> Results[Path, int]:
    """Send what was not sent yet of the records under ``runs`` whose runs have ended.

    Returns
    -------
    Results
        Folder of each record of which something was sent, to the number of files; or to why it was not sent.
        After the first that fails no other is tried, unless it is for its place alone:
        the bucket is the same for all of them.
    """
    pushed: dict[Path, int | Exception] = {}
    for folder, stored in list_runs(runs).ok.items():
        if stored.record.outcome is Outcome.RUNNING or _is_settled(stored, objects):
            continue
        try:
            sent = push_record(folder, objects)
        except PreconditionError as error:
            pushed[folder] = error
            continue
        except FleetkitError as error:
            pushed[folder] = error
            break
        if sent:
            pushed[folder] = sent
    return Results(pushed)


def is_pushed(folder: Path, objects: RecordObjects) -> bool:
    """Return whether all of a record was sent as it is now; the bucket is not asked."""
    noted = _read_notes(folder, objects.address)
    return all(noted.get(path.name) == hash_file(path) for path in _files_of(folder))


def has_place(folder: Path, objects: RecordObjects) -> bool:
    """Return whether it is this record, and not that of another run, whose journal lies under its name."""
    journal = folder / JOURNAL_FILE
    there = objects.read_object(f"{key_of(folder)}/{JOURNAL_FILE}")
    return journal.is_file() and journal.read_bytes().partition(b"\n")[0] == there.partition(b"\n")[0]


def _take_place(folder: Path, objects: RecordObjects, noted: _Sent) -> int:
    """Send the journal where there is none yet, note it, and return how many files were sent.

    Two computers that begin a run of one notebook in the same second give its record the same name;
    the journals' first lines differ, and S3 sees to it that one of them is there first.
    """
    if not (folder / JOURNAL_FILE).is_file():
        return 0
    content = (folder / JOURNAL_FILE).read_bytes()
    if objects.create_object(f"{key_of(folder)}/{JOURNAL_FILE}", content):
        noted[JOURNAL_FILE] = hashlib.sha256(content).hexdigest()
        _write_notes(folder, objects.address, noted)
        return 1
    if not has_place(folder, objects):
        raise PreconditionError(
            f"another run's record lies at {objects.address}/{key_of(folder)}",
            seen="one that began in the same second",
            hint=f"this one stays in {folder} alone, and is not sent over it",
        )
    return 0


def _is_settled(stored: StoredRun, objects: RecordObjects) -> bool:
    """Return whether a record was sent once it had closed: ``run.json`` goes last, and nothing comes after it.

    Of many old records the other files need not even be read then.
    """
    noted = _read_notes(stored.folder, objects.address)
    return stored.record.closing is not None and noted.get(RUN_FILE) == hash_file(stored.folder / RUN_FILE)


def forget_pushed(folder: Path) -> None:
    """Forget what was sent of a record that is no more."""
    _notes_of(folder).unlink(missing_ok=True)


def _files_of(folder: Path) -> list[Path]:
    """Return a record's files; what begins with a dot is half of one."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _notes_of(folder: Path) -> Path:
    return folder.parents[1] / _NOTES / folder.parent.name / f"{folder.name}.json"


def _read_notes(folder: Path, address: str) -> _Sent:
    try:
        notes = json.loads(_notes_of(folder).read_text(encoding="utf-8"))
        return dict(notes["files"]) if notes["address"] == address else {}
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        # Notes that are not there, or were cut off, only cost sending the record once more.
        return {}


def _write_notes(folder: Path, address: str, files: _Sent) -> None:
    path = _notes_of(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(json.dumps({"address": address, "files": files}), encoding="utf-8")
    half.replace(path)
