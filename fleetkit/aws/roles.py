"""What the roles of machines may do, as IAM has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["Role", "read_roles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role that machines have.

    Attributes
    ----------
    name
        IAM's name of it.
    policies
        Each policy to its document: one of its own by its name, one that is attached by its ARN, since two may have
        the same name.
    """

    name: str
    policies: Mapping[str, Mapping[str, Any]]


def read_roles(session: AwsSession, profile_arn: str) -> tuple[Role, ...]:
    """Return the roles in an instance profile, each with all that it may do."""
    name = profile_arn.rpartition("/")[2]
    with asking(f"the roles of the instance profile {name}"):
        found = session.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
        return tuple(_read_role(session, one["RoleName"]) for one in found)


def _read_role(session: AwsSession, role: str) -> Role:
    iam = session.iam
    policies: dict[str, Mapping[str, Any]] = {}
    for own in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in own["PolicyNames"]:
            policies[name] = _document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for attached in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for one in attached["AttachedPolicies"]:
            arn = one["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            policies[arn] = _document(document)
    return Role(name=role, policies=policies)


def _document(found: Any) -> Mapping[str, Any]:
    # The stubs say text, botocore parses it.
    return dict(found)
