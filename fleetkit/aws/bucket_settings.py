"""How a bucket is set up: one that outlasts the cluster, and that its owner has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.aws._errors import asking, error_code
from fleetkit.aws.session import AwsSession
from fleetkit.core import call_each

__all__ = ["BucketSettings", "read_bucket_settings"]

_CLOSED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_ABSENT = (
    "NoSuchPublicAccessBlockConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """A bucket as it is set up.

    Attributes
    ----------
    name
        The bucket.
    encryption
        The algorithm by which new objects are encrypted; empty where none is set.
    versioned, closed, locked
        Whether old versions are kept, whether nothing of it can be made public, and whether what is put into it is
        locked for a time. Object lock that is on and names no time locks nothing by itself.
    """

    name: str
    encryption: str
    versioned: bool
    closed: bool
    locked: bool


def read_bucket_settings(session: AwsSession, bucket: str) -> BucketSettings:
    """Return how a bucket is set up.

    Raises
    ------
    AwsError
        When it is not there, or may not be read.
    """
    s3 = session.s3
    parts: dict[str, Callable[[], Mapping[str, Any]]] = {
        "encryption": lambda: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"],
        "closed": lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        "lock": lambda: s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"],
        "versioning": lambda: s3.get_bucket_versioning(Bucket=bucket),
    }
    with asking(f"how the bucket {bucket} is set up"):
        found = call_each(list(parts), lambda name: _read(parts[name]))
        for error in found.failed.values():
            raise error
    encryption, closed, lock, versioning = found.ok.values()
    rules = encryption.get("Rules", [])
    return BucketSettings(
        name=bucket,
        encryption=rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") if rules else "",
        versioned=versioning.get("Status") == "Enabled",
        closed=all(closed.get(name) for name in _CLOSED),
        locked=lock.get("ObjectLockEnabled") == "Enabled" and bool(lock.get("Rule", {}).get("DefaultRetention")),
    )


def _read(call: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Return a part of the configuration; nothing where S3 says that there is none."""
    from botocore.exceptions import ClientError

    try:
        return dict(call())
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return {}
        raise
