"""Where records are kept: ``runs/`` of the folder that is worked in, and the bucket that the settings name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from fleetkit.aws import AwsLimits
from fleetkit.config import Settings
from fleetkit.runs import (
    FolderStore,
    Follower,
    RecordMirror,
    RecordObjects,
    RemoteStore,
    RunStore,
    is_pushed,
    no_follower,
)
from fleetkit.workflows._bucket_objects import BucketObjects

__all__ = ["RecordPlace", "open_record_place"]

_LIMITS = AwsLimits(connect_timeout_s=3.0, read_timeout_s=10.0, attempts=2)
"""A run that ends waits for its record to be sent, but not for long: what is not sent is sent later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlace:
    """Where records are kept.

    Attributes
    ----------
    folder
        The folder in which this computer records.
    objects
        What mirrors it; None where nothing does.
    """

    folder: Path
    objects: RecordObjects | None

    @property
    def store(self) -> RunStore:
        """All records, as those who read them see them."""
        return FolderStore(self.folder) if self.objects is None else RemoteStore(self.objects, self.folder)

    def follow(self, folder: Path, *, tell: Callable[[str], None]) -> AbstractContextManager[Follower]:
        """Send the record in ``folder`` while its run goes on, and at its end.

        Parameters
        ----------
        tell
            Told where it cannot be sent.
        """
        return no_follower(folder) if self.objects is None else RecordMirror(folder, self.objects, tell=tell)

    def is_kept(self, folder: Path) -> bool:
        """Return whether the record in ``folder`` is everywhere where it is to be kept."""
        return self.objects is None or is_pushed(folder, self.objects)


def open_record_place(folder: Path | None = None, *, environ: Mapping[str, str] | None = None) -> RecordPlace:
    """Find out where records are kept; nothing is asked of AWS yet.

    Parameters
    ----------
    folder
        The folder to work in; the current one where not given.
    environ
        The environment; the process's own where not given.

    Raises
    ------
    SettingsError
        When FLEETKIT_RUNS is not legal.
    """
    environ = os.environ if environ is None else environ
    bucket = Settings.from_environment(environ).runs
    objects = None if bucket is None else BucketObjects(bucket, environ=environ, limits=_LIMITS)
    return RecordPlace(folder=(folder or Path.cwd()) / "runs", objects=objects)
