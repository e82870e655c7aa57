"""What the roles of a deployed cluster may, read from IAM; each grant can be withdrawn for a while."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.e2e_world import CLUSTER, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One action on one resource; in the trust policy, who may take the role on (``service``).

    ``without`` is the policy that lacks it and nothing else.
    """

    role_name: str
    role: str
    policy: str
    action: str
    resource: str = ""
    service: str = ""
    whole: dict[str, Any]
    without: dict[str, Any]

    def __str__(self) -> str:
        if self.service:
            return f"{self.role} may be {self.action} by {self.service}"
        place = self.resource.split(":::")[-1].split("/", 1)[-1] if ":s3:" in self.resource else self.resource
        return f"{self.role} may {self.action} {place if place != self.resource else place.split(':', 5)[-1]}"


def list_grants(world: World) -> list[Grant]:
    """Return every grant of every role of the cluster; a role with a managed policy is not understood, so none has."""
    iam = world.client("iam")
    found: list[Grant] = []
    for role in (one for page in iam.get_paginator("list_roles").paginate() for one in page["Roles"]):
        name = role["RoleName"]
        if not name.startswith(f"fleetkit-{CLUSTER}-"):
            continue
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        short = name.removeprefix(f"fleetkit-{CLUSTER}-{world.sandbox_variables['AWS_REGION']}-")
        found += _split(role["AssumeRolePolicyDocument"], role_name=name, role=short, policy="")
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            found += _split(document, role_name=name, role=short, policy=policy)
    return found


def _split(document: dict[str, Any], **of: str) -> Iterator[Grant]:
    for index, statement in enumerate(document["Statement"]):
        actions, services = _listed(statement["Action"]), _listed(statement.get("Principal", {}).get("Service", []))
        for action in actions:
            for resource in _listed(statement.get("Resource", [])):
                yield Grant(
                    **of, action=action, resource=resource, whole=document,
                    without=_leave_out(document, index, action=action, resource=resource),
                )  # fmt: skip
            for service in services:
                without = _leave_out(document, index, action=action, resource="")
                yield Grant(**of, action=action, service=service, whole=document, without=without)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _leave_out(document: dict[str, Any], index: int, *, action: str, resource: str) -> dict[str, Any]:
    """Return a policy without one action on one resource; what stays of its statement stays as it was."""
    left = copy.deepcopy(document)
    statement = left["Statement"].pop(index)
    other_actions = [one for one in _listed(statement["Action"]) if one != action]
    other_resources = [one for one in _listed(statement.get("Resource", [])) if one != resource]
    if other_actions:
        left["Statement"].append({**statement, "Action": other_actions})
    if other_resources:
        left["Statement"].append({**statement, "Action": action, "Resource": other_resources})
    return left


@contextlib.contextmanager
def withdrawn(world: World, grant: Grant) -> Iterator[None]:
    """Take a grant away for the length of a block."""
    _put(world, grant, grant.without)
    try:
        yield
    finally:
        _put(world, grant, grant.whole)


def _put(world: World, grant: Grant, document: dict[str, Any]) -> None:
    iam = world.client("iam")
    if grant.policy and not document["Statement"]:
        iam.delete_role_policy(RoleName=grant.role_name, PolicyName=grant.policy)
    elif grant.policy:
        iam.put_role_policy(RoleName=grant.role_name, PolicyName=grant.policy, PolicyDocument=json.dumps(document))
    else:
        # A role has to have a trust policy; one that denies trusts nobody.
        denying = [{**one, "Effect": "Deny"} for one in grant.whole["Statement"]]
        trust = {**document, "Statement": document["Statement"] or denying}
        iam.update_assume_role_policy(RoleName=grant.role_name, PolicyDocument=json.dumps(trust))
