"""Where records are kept, as those who read them see it: one place to list, to find in, and to remove from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from fleetkit.core import BusyError, Results
from fleetkit.runs.outcome import Outcome
from fleetkit.runs.store import StoredRun, find_record, find_run, foreign_folders, list_runs, read_run

__all__ = ["FolderStore", "RunStore"]


class RunStore(Protocol):
    """A place that keeps records."""

    @property
    def place(self) -> str:
        """Where it is, for people: a folder, or ``s3://bucket/prefix``."""

    def list_runs(self, *, cluster: str | None = None) -> Results[Path, StoredRun]:
        """Return every record, the newest first, or the error that kept it from being read."""

    def list_foreign(self, *, cluster: str | None = None) -> tuple[str, ...]:
        """Return where something lies among the records that is none."""

    def find_record(self, name: str) -> Path:
        """Return the folder of this computer that holds all files of the record called ``name``, readable or not."""

    def find_run(self, name: str) -> StoredRun:
        """Return the record called ``name``, with all its files in a folder of this computer."""

    def fetch_run(self, stored: StoredRun) -> StoredRun:
        """Return a record that was listed with all its files in a folder of this computer."""

    def fetch_folder(self, folder: Path) -> Path:
        """Return the folder of a record that was listed, readable or not, with all its files on this computer."""

    def remove_run(self, stored: StoredRun) -> None:
        """Remove a record that is not under way."""


class FolderStore:
    """Records in a folder of this computer.

    Parameters
    ----------
    runs
        The folder; it need not exist.
    """

    def __init__(self, runs: Path) -> None:
        self.runs = runs

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.runs)

    def list_runs(self, *, cluster: str | None = None) -> Results[Path, StoredRun]:
        """Read every record, the newest first."""
        return list_runs(self.runs, cluster=cluster)

    def list_foreign(self, *, cluster: str | None = None) -> tuple[str, ...]:
        """Return the folders that are no records."""
        return tuple(str(folder) for folder in foreign_folders(self.runs, cluster=cluster))

    def find_record(self, name: str) -> Path:
        """Return the folder of the record called ``name``."""
        return find_record(self.runs, name)

    def find_run(self, name: str) -> StoredRun:
        """Read the record called ``name``."""
        return find_run(self.runs, name)

    def fetch_run(self, stored: StoredRun) -> StoredRun:
        """Return the record: it is here already."""
        return stored

    def fetch_folder(self, folder: Path) -> Path:
        """Return the folder: it is here already."""
        return folder

    def remove_run(self, stored: StoredRun) -> None:
        """Remove a record.

        Raises
        ------
        BusyError
            When its run is under way.
        """
        # Looked at anew: since it was listed, a person may have gone on with it.
        if read_run(stored.folder).record.outcome is Outcome.RUNNING:
            raise BusyError(f"the run {stored.record.id} is under way", hint="remove its record when it has ended")
        shutil.rmtree(stored.folder)
