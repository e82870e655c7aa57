"""Records in a bucket, read: together with those of this computer, of which not all may have been sent yet."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from fleetkit.core import BusyError, FleetkitError, NotFoundError, Results, call_each, utc_now
from fleetkit.runs.folders import is_record_name
from fleetkit.runs.journal import JOURNAL_FILE
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.remote.mirror import SIGN_OF_LIFE_S
from fleetkit.runs.remote.objects import ObjectFacts, RecordObjects
from fleetkit.runs.remote.pushing import forget_pushed, has_place, key_of
from fleetkit.runs.store import RUN_FILE, StoredRun, choose_record, list_runs, parse_run, read_run
from fleetkit.runs.stores import FolderStore

__all__ = ["RemoteStore"]

_COPIES = ".copies"
"""Folder beside the clusters' own: what was fetched of other people's records."""

_SILENT_S = 4 * SIGN_OF_LIFE_S
"""A run under way of which nothing was heard for so long is taken for gone."""

_Files = Mapping[str, ObjectFacts]


class RemoteStore:
    """Records of a bucket, and of the folder in which this computer records.

    Parameters
    ----------
    objects
        The bucket's.
    runs
        The folder; the record of a run that went on here is read there.
    """

    def __init__(self, objects: RecordObjects, runs: Path) -> None:
        self._objects, self._runs = objects, runs

    @property
    def place(self) -> str:
        """The bucket's address."""
        return self._objects.address

    def list_runs(self, *, cluster: str | None = None) -> Results[Path, StoredRun]:
        """Read every record, the newest first; of those that are elsewhere only what ``run.json`` says.

        Raises
        ------
        FleetkitError
            When the bucket cannot be read.
        """
        here = list_runs(self._runs, cluster=cluster)
        there = self._list_there(cluster)
        elsewhere = [folder for key, folder in self._places(there).items() if self._runs / key not in here]
        glances = call_each(elsewhere, lambda folder: self._glance(folder, there[key_of(folder)]), catch=FleetkitError)
        read = {**here, **glances}
        newest_first = sorted(read, key=lambda path: (path.name, path.parent.name), reverse=True)
        return Results({folder: read[folder] for folder in newest_first})

    def list_foreign(self, *, cluster: str | None = None) -> tuple[str, ...]:
        """Return the folders, here and in the bucket, that are no records.

        Raises
        ------
        FleetkitError
            When the bucket cannot be read.
        """
        keys = (key.split("/") for key in self._objects.list_objects(f"{cluster}/" if cluster else ""))
        there = {"/".join(parts[:-1]) for parts in keys if not _is_of_record(parts)}
        here = FolderStore(self._runs).list_foreign(cluster=cluster)
        return (*here, *sorted(f"{self.place}/{folder}".rstrip("/") for folder in there))

    def find_record(self, name: str) -> Path:
        """Return the folder of the record called ``name``, fetched where it is not here, readable or not.

        Raises
        ------
        NotFoundError
            When no record, or more than one, goes by that name; lists those that there are.
        """
        if (Path(name) / RUN_FILE).is_file() or (Path(name) / JOURNAL_FILE).is_file():
            return Path(name)
        listed = self.list_runs()
        folder = choose_record(list(listed), name, place=self.place)
        self._fetch_all(folder)
        return folder

    def find_run(self, name: str) -> StoredRun:
        """Return the record called ``name``, fetched where it is not here.

        Raises
        ------
        NotFoundError
            When no record, or more than one, goes by that name; lists those that there are.
        """
        if (Path(name) / RUN_FILE).is_file():
            return read_run(Path(name))
        listed = self.list_runs()
        found = listed[choose_record(list(listed), name, place=self.place)]
        if isinstance(found, Exception):
            raise found
        return self.fetch_run(found)

    def fetch_run(self, stored: StoredRun) -> StoredRun:
        """Return a record that was listed with all its files on this computer."""
        files = self._fetch_all(stored.folder)
        return self._glance(stored.folder, files) if files else stored

    def fetch_folder(self, folder: Path) -> Path:
        """Return the folder of a record that was listed, readable or not, with all its files on this computer."""
        self._fetch_all(folder)
        return folder

    def _fetch_all(self, folder: Path) -> _Files:
        """Make the copy of a record what the bucket has of it; nothing is fetched for one that went on here."""
        if folder.parents[1] == self._runs:
            return {}
        files = self._list_there(folder.parent.name).get(key_of(folder), {})
        # First what closes over the rest: a run that goes on writes it last.
        for file in sorted(files, key=lambda file: file != RUN_FILE):
            self._fetch(folder, file, files[file])
        # What somebody removed from the bucket is not to look as if it were there.
        for path in folder.glob("*"):
            if path.name not in files:
                path.unlink()
        return files

    def remove_run(self, stored: StoredRun) -> None:
        """Remove a record, here and in the bucket.

        Raises
        ------
        BusyError
            When its run is under way.
        """
        folder = stored.folder
        files = self._list_there(folder.parent.name).get(key_of(folder), {})
        if folder.parents[1] == self._runs:
            if JOURNAL_FILE in files and not has_place(folder, self._objects):
                files = {}
            FolderStore(self._runs).remove_run(stored)
        elif self._glance(folder, files).record.outcome is Outcome.RUNNING:
            raise BusyError(f"the run {stored.record.id} is under way", hint="remove its record when it has ended")
        # What says that it is a record goes last, so that a removal that was cut off can be begun again.
        for named in ([file for file in files if file != RUN_FILE], [RUN_FILE]):
            self._objects.delete_objects(f"{key_of(folder)}/{file}" for file in named if file in files)
        forget_pushed(self._runs / key_of(folder))
        shutil.rmtree(self._runs / _COPIES / key_of(folder), ignore_errors=True)

    def _list_there(self, cluster: str | None) -> dict[str, dict[str, ObjectFacts]]:
        """Return the files of each record of the bucket, by the record's key; what is no record is passed over."""
        found: dict[str, dict[str, ObjectFacts]] = {}
        for key, facts in self._objects.list_objects(f"{cluster}/" if cluster else "").items():
            parts = key.split("/")
            if _is_of_record(parts):
                found.setdefault("/".join(parts[:2]), {})[parts[2]] = facts
        return found

    def _places(self, there: Mapping[str, _Files]) -> dict[str, Path]:
        return {key: self._runs / _COPIES / key for key in there}

    def _glance(self, folder: Path, files: _Files) -> StoredRun:
        """Read what ``run.json`` says of a record that is elsewhere."""
        if RUN_FILE not in files:
            raise NotFoundError(
                f"{self.place}/{key_of(folder)} is no whole record",
                seen=f"no {RUN_FILE}",
                hint=f"whoever ran it has the rest: fleetkit runs push on that computer sends it to {self.place}",
            )
        path = self._fetch(folder, RUN_FILE, files[RUN_FILE])
        record = parse_run(path, where=f"{self.place}/{key_of(folder)}/{RUN_FILE}")
        silent = utc_now() - max(facts.changed for facts in files.values()) > dt.timedelta(seconds=_SILENT_S)
        if record.outcome is Outcome.RUNNING and silent:
            record = dataclasses.replace(record, outcome=Outcome.ABANDONED, exit=Outcome.ABANDONED.exit)
        return StoredRun(folder=folder, record=record)

    def _fetch(self, folder: Path, file: str, facts: ObjectFacts) -> Path:
        """Fetch one file, unless what was fetched before has the same content.

        What somebody put in pieces or under a key of their own says no MD5 of itself, and is fetched each time.
        """
        path = folder / file
        try:
            if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == facts.etag:
                return path
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{file}.part")
        try:
            half.write_bytes(self._objects.read_object(f"{key_of(folder)}/{file}"))
            half.replace(path)
        except OSError as error:
            raise FleetkitError(f"the copy {path} cannot be written", seen=str(error)) from error
        return path


def _is_of_record(parts: list[str]) -> bool:
    return len(parts) == 3 and is_record_name(parts[1]) and not {"", ".", ".."} & set(parts)
