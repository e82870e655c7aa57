"""Objects in a bucket that a person named: records and backups, which outlast the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fleetkit.aws import (
    AwsLimits,
    AwsSession,
    delete_objects,
    fetch_file,
    list_objects,
    open_session,
    put_object,
    read_object,
    send_file,
)
from fleetkit.config import BucketAddress
from fleetkit.runs import ObjectFacts

__all__ = ["BucketObjects"]

_ANY_REGION = "us-east-1"


class BucketObjects:
    """The objects below a prefix of a bucket of the caller's own account: nobody else's is written to."""

    def __init__(
        self,
        bucket: BucketAddress,
        *,
        environ: Mapping[str, str],
        limits: AwsLimits,
        session: AwsSession | None = None,
    ) -> None:
        self._bucket, self._prefix = bucket.name, f"{bucket.prefix}/" if bucket.prefix else ""
        self._region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        self._limits = limits
        self._session = session

    @property
    def address(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def list_objects(self, prefix: str = "") -> dict[str, ObjectFacts]:
        found = list_objects(self._open(), self._bucket, prefix=f"{self._prefix}{prefix}")
        return {one.key.removeprefix(self._prefix): ObjectFacts(etag=one.etag, changed=one.changed) for one in found}

    def list_sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the objects under a prefix, each with its size in bytes."""
        found = list_objects(self._open(), self._bucket, prefix=f"{self._prefix}{prefix}")
        return {one.key.removeprefix(self._prefix): one.size_bytes for one in found}

    def send_file(self, key: str, file: Path) -> None:
        """Put a file of any size."""
        send_file(self._open(), self._bucket, key=f"{self._prefix}{key}", file=file)

    def fetch_file(self, key: str, target: Path) -> None:
        """Write an object of any size into a file."""
        fetch_file(self._open(), self._bucket, key=f"{self._prefix}{key}", target=target)

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
            session = open_session(self._region, limits=self._limits)
            # S3 leads to a bucket's region from any other, so where none is known any will do.
            self._session = session if session.has_region else open_session(_ANY_REGION, limits=self._limits)
        return self._session
