"""Where records are kept: ``runs/`` of the folder that is worked in, and the bucket that the settings name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from fleetkit.aws import AwsLimits, AwsSession, delete_objects, list_objects, open_session, put_object, read_object
from fleetkit.config import RunsBucket, Settings
from fleetkit.runs import (
    FolderStore,
    Follower,
    ObjectFacts,
    RecordMirror,
    RecordObjects,
    RemoteStore,
    RunStore,
    is_pushed,
    no_follower,
)

__all__ = ["RecordPlace", "open_record_place"]

_LIMITS = AwsLimits(connect_timeout_s=3.0, read_timeout_s=10.0, attempts=2)
"""A run that ends waits for its record to be sent, but not for long: what is not sent is sent later."""

_ANY_REGION = "us-east-1"


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
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    objects = None if bucket is None else _BucketObjects(bucket, region=region)
    return RecordPlace(folder=(folder or Path.cwd()) / "runs", objects=objects)


class _BucketObjects:
    """The objects below a prefix of a bucket of the caller's own account: nobody else's is written to."""

    def __init__(self, bucket: RunsBucket, *, region: str | None) -> None:
        self._bucket, self._prefix, self._region = bucket.name, f"{bucket.prefix}/" if bucket.prefix else "", region
        self._session: AwsSession | None = None

    @property
    def address(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def list_objects(self, prefix: str = "") -> dict[str, ObjectFacts]:
        found = list_objects(self._open(), self._bucket, prefix=f"{self._prefix}{prefix}")
        return {one.key.removeprefix(self._prefix): ObjectFacts(etag=one.etag, changed=one.changed) for one in found}

    def read_object(self, key: str) -> bytes:
        return read_object(self._open(), self._bucket, key=f"{self._prefix}{key}")

    def create_object(self, key: str, content: bytes) -> bool:
        return put_object(self._open(), self._bucket, key=f"{self._prefix}{key}", content=content, new=True)

    def write_object(self, key: str, content: bytes) -> None:
        put_object(self._open(), self._bucket, key=f"{self._prefix}{key}", content=content, always=True)

    def delete_objects(self, keys: Iterable[str]) -> None:
        delete_objects(self._open(), self._bucket, keys=[f"{self._prefix}{key}" for key in keys])

    def _open(self) -> AwsSession:
        # Opened when it is needed: credentials that are missing are then a bucket that cannot be reached.
        if self._session is None:
            session = open_session(self._region, limits=_LIMITS)
            # S3 leads to a bucket's region from any other, so where none is known any will do.
            self._session = session if session.has_region else open_session(_ANY_REGION, limits=_LIMITS)
        return self._session
