"""The long-lived keys of whoever asks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["AccessKey", "list_own_access_keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An access key of a user; ``key_id`` names it and opens nothing."""

    key_id: str
    created: dt.datetime
    active: bool


def list_own_access_keys(session: AwsSession) -> tuple[AccessKey, ...]:
    """Return the access keys of the user whose credentials the session has, the oldest first.

    The session of a role has none of its own: its credentials end by themselves. A root user's are told by IAM too.
    """
    arn = session.caller().arn
    if ":assumed-role/" in arn or ":federated-user/" in arn:
        return ()
    with asking(f"the access keys of {session.caller().name}"):
        pages = session.iam.get_paginator("list_access_keys").paginate()
        found = [
            AccessKey(key_id=one["AccessKeyId"], created=one["CreateDate"], active=one["Status"] == "Active")
            for page in pages
            for one in page["AccessKeyMetadata"]
        ]
    return tuple(sorted(found, key=lambda one: (one.created, one.key_id)))
