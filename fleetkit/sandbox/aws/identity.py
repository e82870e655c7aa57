"""Who may do what: the operator's user and key, enforced IAM, and the credentials that a machine's role gets."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ACCOUNT_ID",
    "Credentials",
    "RoleCredentials",
    "enforce_iam",
    "make_operator",
    "mint_role_credentials",
    "role_of_profile",
    "trusts_ec2",
]

ACCOUNT_ID = "123456789012"
_PARTITION = "aws"
_OPERATOR = "operator"
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_SESSION = dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An access key; its secret is kept out of the repr."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Credentials(access_key_id={self.access_key_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """What the metadata service hands to a machine for its role, as AWS spells it."""

    access_key_id: str
    secret_access_key: str
    token: str
    issued: dt.datetime
    expires: dt.datetime

    def __repr__(self) -> str:
        return f"RoleCredentials(access_key_id={self.access_key_id!r}, expires={self.expires!r})"


def _iam() -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[ACCOUNT_ID][_PARTITION]


def make_operator() -> Credentials:
    """Make the one IAM user of a new sandbox, with a random key that may do everything."""
    backend = _iam()
    backend.create_user("us-east-1", _OPERATOR)
    backend.put_user_policy(_OPERATOR, "everything", json.dumps(_EVERYTHING))
    key = backend.create_access_key(_OPERATOR)
    # moto encodes the account in the key's id, so that stays; the secret comes from the system's own generator.
    key.secret_access_key = secrets.token_urlsafe(30)
    return Credentials(access_key_id=key.access_key_id, secret_access_key=key.secret_access_key)


def enforce_iam() -> None:
    """Have every request judged by signature and policy from now on."""
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin

    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    ActionAuthenticatorMixin.request_count = 0


def role_of_profile(profile_arn: str) -> str | None:
    """Return the name of the role in an instance profile; None where the profile or its role is gone."""
    for profile in _iam().instance_profiles.values():
        if profile.arn == profile_arn:
            return profile.roles[0].name if profile.roles else None
    return None


def trusts_ec2(role: str) -> bool:
    """Say whether a role lets EC2 take it on for an instance, as its trust policy has it."""
    statements = json.loads(_iam().get_role(role).assume_role_policy_document).get("Statement", [])
    return any(
        one.get("Effect") == "Allow"
        and _has(one.get("Action"), "sts:AssumeRole")
        and _has(one.get("Principal", {}).get("Service"), "ec2.amazonaws.com")
        for one in statements
    )


def _has(held: object, wanted: str) -> bool:
    return wanted in held if isinstance(held, list) else held == wanted


def mint_role_credentials(*, role: str, session: str, region: str) -> RoleCredentials:
    """Make credentials of a role for a machine, as EC2 does for an instance with a profile.

    Parameters
    ----------
    role
        Name of the role.
    session
        Name of the session; EC2 takes the instance id.
    """
    from moto.sts.models import sts_backends

    minted = sts_backends[ACCOUNT_ID][_PARTITION].assume_role(
        region_name=region,
        role_session_name=session,
        role_arn=f"arn:{_PARTITION}:iam::{ACCOUNT_ID}:role/{role}",
        policy="",
        duration=int(_SESSION.total_seconds()),
        external_id="",
    )
    issued = dt.datetime.now(dt.UTC)
    return RoleCredentials(
        access_key_id=minted.access_key_id,
        secret_access_key=minted.secret_access_key,
        token=minted.session_token,
        issued=issued,
        expires=issued + _SESSION,
    )
