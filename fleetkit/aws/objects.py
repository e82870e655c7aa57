"""Objects of a bucket: put when they changed, listed, read and removed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleetkit.aws._errors import asking, error_code
from fleetkit.aws.session import AwsSession
from fleetkit.core import AwsError, NotFoundError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

__all__ = [
    "StoredObject",
    "delete_objects",
    "fetch_file",
    "has_object",
    "list_objects",
    "put_object",
    "read_object",
    "send_file",
]

_HASH = "sha256"
_THERE = {"412", "PreconditionFailed", "ConditionalRequestConflict"}
_PIECE_BYTES = 8 * 1024 * 1024
_PIECES_AT_ONCE = 3
"""A large file is sent and fetched in pieces, few at a time: what is in memory does not grow with it."""
_AT_ONCE = 1000  # S3 API, DeleteObjects: at most 1000 keys in one call


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object's key, its size in bytes, the name that S3 gives to its content, and when it was put."""

    key: str
    size_bytes: int
    etag: str
    changed: dt.datetime


def put_object(
    session: AwsSession,
    bucket: str,
    *,
    key: str,
    content: bytes,
    always: bool = False,
    new: bool = False,
    any_owner: bool = False,
) -> bool:
    """Put an object, unless it is there already with the same content.

    Parameters
    ----------
    session, bucket
        Where.
    key
        The object's key.
    content
        Its bytes; never shown in a message.
    always
        Put it without looking whether it is there.
    new
        Put it only where there is none of that key, whatever its content; S3 sees to it that of two at once one does.
    any_owner
        As for `read_object`.

    Returns
    -------
    bool
        Whether it was put.
    """
    from botocore.exceptions import ClientError

    digest = hashlib.sha256(content).hexdigest()
    if not (always or new) and has_object(session, bucket, key=key, sha256=digest, size_bytes=len(content)):
        return False
    condition: dict[str, Any] = {**({"IfNoneMatch": "*"} if new else {}), **_owner(session, any_owner=any_owner)}
    with asking(f"the object {key} of {bucket}"):
        try:
            session.s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=content,
                Metadata={_HASH: digest},
                ServerSideEncryption="AES256",
                **condition,
            )
        except ClientError as error:
            if new and error_code(error) in _THERE:
                return False
            raise
    return True


def has_object(session: AwsSession, bucket: str, *, key: str, sha256: str, size_bytes: int | None = None) -> bool:
    """Return whether an object is there as `put_object` put it: with this hash as its mark, and of this size.

    What somebody else wrote over it bears no such mark. Its content is not read.

    Parameters
    ----------
    session, bucket, key
        Which object.
    sha256
        Of the content, in hex.
    size_bytes
        Of the content; not compared where it is not known.
    """
    from botocore.exceptions import ClientError

    with asking(f"the object {key} of {bucket}"):
        try:
            there = session.s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=session.account_id())
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchKey"}:
                return False
            raise
    return there["Metadata"].get(_HASH) == sha256 and size_bytes in (None, there["ContentLength"])


def read_object(session: AwsSession, bucket: str, *, key: str, any_owner: bool = False) -> bytes:
    """Return an object's content.

    Parameters
    ----------
    session, bucket
        Where.
    key
        The object's key.
    any_owner
        Read it in another account's bucket too: for one that a person named, and not for a name that we made,
        which anybody could have taken before us.

    Raises
    ------
    NotFoundError
        When there is no such object.
    """
    from botocore.exceptions import ClientError

    with asking(f"the object {key} of {bucket}"):
        try:
            answer = session.s3.get_object(Bucket=bucket, Key=key, **_owner(session, any_owner=any_owner))
            return answer["Body"].read()
        except ClientError as error:
            raise _missing(error, bucket, key) from error


def send_file(session: AwsSession, bucket: str, *, key: str, file: Path) -> None:
    """Put a file of any size as an object, in pieces; what was there of that key is replaced.

    Raises
    ------
    AwsError
        When it could not be put; S3 then has nothing of it.
    """
    from boto3.s3.transfer import TransferConfig

    with asking(f"the object {key} of {bucket}"), file.open("rb") as stream:
        session.s3.upload_fileobj(
            stream,
            bucket,
            key,
            ExtraArgs={"ServerSideEncryption": "AES256", "ExpectedBucketOwner": session.account_id()},
            Config=TransferConfig(
                multipart_threshold=_PIECE_BYTES, multipart_chunksize=_PIECE_BYTES, max_concurrency=_PIECES_AT_ONCE
            ),
        )


def fetch_file(session: AwsSession, bucket: str, *, key: str, target: Path) -> None:
    """Write an object of any size into a file, piece by piece.

    Raises
    ------
    NotFoundError
        When there is no such object.
    """
    from botocore.exceptions import ClientError

    with asking(f"the object {key} of {bucket}"), target.open("wb") as stream:
        try:
            answer = session.s3.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=session.account_id())
            for piece in answer["Body"].iter_chunks(_PIECE_BYTES):
                stream.write(piece)
        except ClientError as error:
            raise _missing(error, bucket, key) from error


def _owner(session: AwsSession, *, any_owner: bool) -> dict[str, Any]:
    return {} if any_owner else {"ExpectedBucketOwner": session.account_id()}


def _missing(error: ClientError, bucket: str, key: str) -> Exception:
    """Return what an answer of S3 means: that there is no such object, or what it says."""
    if error_code(error) in {"404", "NoSuchKey"}:
        return NotFoundError(f"the bucket {bucket} has no object {key}")
    return error


def list_objects(session: AwsSession, bucket: str, *, prefix: str = "") -> tuple[StoredObject, ...]:
    """Return the objects of a bucket under a prefix, by key."""
    with asking(f"the objects of {bucket}"):
        pages = session.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=session.account_id()
        )
        return tuple(
            StoredObject(
                key=item["Key"], size_bytes=item["Size"], etag=item["ETag"].strip('"'), changed=item["LastModified"]
            )
            for page in pages
            for item in page.get("Contents", [])
        )


def delete_objects(session: AwsSession, bucket: str, *, keys: Iterable[str], any_owner: bool = False) -> int:
    """Remove objects; their old versions stay until the bucket goes. Returns how many were named.

    ``any_owner`` is as for `read_object`.
    """
    wanted: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
    with asking(f"the removal of objects of {bucket}"):
        for start in range(0, len(wanted), _AT_ONCE):
            answer = session.s3.delete_objects(
                Bucket=bucket,
                Delete={"Objects": wanted[start : start + _AT_ONCE], "Quiet": True},
                **_owner(session, any_owner=any_owner),
            )
            errors = answer.get("Errors", [])
            if errors:
                raise AwsError(
                    f"{len(errors)} objects of {bucket} could not be removed",
                    seen=f"{errors[0].get('Key')}: {errors[0].get('Code')}",
                )
    return len(wanted)
