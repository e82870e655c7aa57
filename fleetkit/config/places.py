"""Names of what lies in AWS and outlasts a cluster: a place in S3, and a key in KMS."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleetkit.core import SettingsError

__all__ = ["BucketAddress", "KmsKey", "parse_bucket_address", "parse_kms_key"]

_KEY_ID = r"(?:mrk-)?[0-9a-f][0-9a-f-]{31,35}"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_ARN = rf"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{{12}}:(?:key/{_KEY_ID}|{_ALIAS})"
_KMS_KEY = re.compile(rf"awskms:(?P<name>{_ARN}|{_KEY_ID}|{_ALIAS})")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAddress:
    """A place in S3 where records or backups are kept.

    Attributes
    ----------
    name
        The bucket; it exists already and outlasts the cluster.
    prefix
        What the keys begin with, without slashes at its ends.
    """

    name: str
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsKey:
    """A key in AWS KMS: one that signs in place of the one in the operator's folder, or that backups are encrypted for.

    Attributes
    ----------
    name
        Its ARN, its id or ``alias/NAME``, as KMS takes it.
    region
        The region that its ARN names; None where it is that of the environment.
    """

    name: str
    region: str | None = None


def parse_bucket_address(text: str, *, what: str, hint: str = "") -> BucketAddress:
    """Read ``s3://bucket/prefix``.

    Parameters
    ----------
    what
        What is set to it, for messages.
    hint
        What to say beside the form that is legal.

    Raises
    ------
    SettingsError
        When it is not that.
    """
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", text)
    if found is None:
        raise SettingsError(
            f"{what} is no place in S3", seen=repr(text), hint=f"set it to one like s3://bucket/prefix{hint}"
        )
    return BucketAddress(name=found[1], prefix=(found[2] or "").strip("/"))


def parse_kms_key(text: str, *, what: str, hint: str = "") -> KmsKey:
    """Read ``awskms:`` and a key's ARN, id or alias.

    Parameters
    ----------
    what
        What names it, for the message.
    hint
        What else may be done about it.

    Raises
    ------
    SettingsError
        When it is something else.
    """
    found = _KMS_KEY.fullmatch(text)
    if found is None:
        raise SettingsError(
            f"{what} names no key", seen=repr(text), hint=f"set it to awskms: and a key's ARN, id or alias/NAME{hint}"
        )
    return KmsKey(name=found["name"], region=found["region"])
