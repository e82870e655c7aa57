"""What a plan was made on: the state, the members and the cluster file as they were, and who planned.

An approval is given for a plan and for this; where any of it has moved since, the plan is not what was approved.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fleetkit import aws
from fleetkit.config import Cluster
from fleetkit.core import (
    EtcdError,
    NotFoundError,
    SettingsError,
    Signer,
    SshError,
    StalePlanError,
    format_utc,
    parse_utc,
)
from fleetkit.etcd import list_members
from fleetkit.terraform import StateVersion
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.signing import open_signer
from fleetkit.workflows.way_in import open_way_in

__all__ = ["Basis", "Operation", "Person", "describe_cluster", "identify", "require_unmoved", "take_basis"]

_UNREADABLE = (EtcdError, NotFoundError, SettingsError, SshError)
_NOT_DESCRIBED: dict[str, Any] = {
    **dict.fromkeys(("approval", "registries", "secrets", "waivers"), True),
    "pools": {"__all__": {"secrets"}},
}
"""What of the cluster file a deploy does not carry out; it may change while an approval is waited for."""


class Operation(enum.StrEnum):
    """What a plan is for."""

    CHANGE_KEYS = "change-keys"
    CLEAN_UNITS = "clean-units"
    DEFRAGMENT = "defragment"
    DEPLOY = "deploy"
    DESTROY = "destroy"
    DISARM = "disarm"
    DRAIN = "drain"
    REBALANCE = "rebalance"
    REBOOT = "reboot"
    REFRESH = "refresh-pool"
    REPLACE = "replace"
    RESIZE = "resize"
    RESTORE = "restore"
    ROTATE = "rotate"
    ROTATE_CA = "rotate-ca"
    SECRETS = "deliver-secrets"
    SYNC_NAMES = "sync-names"
    UNITS = "change-units"
    UPGRADE = "upgrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who planned or approved.

    Attributes
    ----------
    arn
        Whose AWS credentials they were.
    public_key
        The public half of the key that they sign with.
    """

    arn: str
    public_key: str

    def to_json(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {"arn": self.arn, "public_key": self.public_key}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Person:
        """Read what `to_json` returned."""
        return cls(arn=fields["arn"], public_key=fields["public_key"])

    def __str__(self) -> str:
        return f"{self.arn} with the key {self.public_key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan was made on.

    Attributes
    ----------
    cluster, operation
        What it is for.
    sha256
        Fingerprint of the plan.
    planner, made_at
        Who planned, and when.
    cluster_file
        Fingerprint of what the cluster file said.
    state
        Which state Terraform knew.
    members
        etcd's members, id to name; empty where there were none yet, None where they could not be read.
    unknown
        Why they could not be read.
    """

    cluster: str
    operation: Operation
    sha256: str
    planner: Person
    made_at: dt.datetime
    cluster_file: str
    state: StateVersion
    members: Mapping[str, str] | None
    unknown: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "cluster": self.cluster,
            "operation": self.operation.value,
            "sha256": self.sha256,
            "planner": self.planner.to_json(),
            "made_at": format_utc(self.made_at),
            "cluster_file": self.cluster_file,
            "state": {"lineage": self.state.lineage, "serial": self.state.serial},
            "members": None if self.members is None else dict(self.members),
            "unknown": self.unknown,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Basis:
        """Read what `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is something else.
        """
        return cls(
            cluster=fields["cluster"],
            operation=Operation(fields["operation"]),
            sha256=fields["sha256"],
            planner=Person.from_json(fields["planner"]),
            made_at=parse_utc(fields["made_at"]),
            cluster_file=fields["cluster_file"],
            state=StateVersion(lineage=fields["state"]["lineage"], serial=fields["state"]["serial"]),
            members=None if fields["members"] is None else dict(fields["members"]),
            unknown=fields["unknown"],
        )

    @property
    def text(self) -> str:
        """What an approver should know beside the plan itself, in plain lines."""
        members = f"could not be read: {self.unknown}" if self.members is None else _name_members(self.members)
        return "\n".join(
            [
                f"{self.operation} of {self.cluster}, plan {self.sha256}",
                f"  planned: {format_utc(self.made_at)} by {self.planner}",
                f"  state:   {self.state}",
                f"  members: {members}",
            ]
        )


class _Planned(Protocol):
    @property
    def operation(self) -> Operation:
        """What it is for."""

    @property
    def sha256(self) -> str:
        """Its fingerprint."""


class _Versioned(Protocol):
    def state_version(self) -> StateVersion:
        """Return which state it is."""


def take_basis(workspace: Workspace, plan: _Planned, copy: _Versioned, *, made_at: dt.datetime) -> Basis:
    """Read what ``plan`` was just made on.

    Members that cannot be read are noted as such, with the reason: a plan may well be there to mend just that.

    Raises
    ------
    AwsError, TerraformError
        When AWS or the state cannot be read.
    PreconditionError, SettingsError
        When there is no key to sign with.
    """
    try:
        members, unknown = _read_members(workspace), ""
    except _UNREADABLE as error:
        members, unknown = None, _reason(error)
    return Basis(
        cluster=workspace.cluster.name,
        operation=plan.operation,
        sha256=plan.sha256,
        planner=identify(workspace, open_signer(workspace.settings)),
        made_at=made_at.replace(microsecond=0),
        cluster_file=describe_cluster(workspace.cluster),
        state=copy.state_version(),
        members=members,
        unknown=unknown,
    )


def require_unmoved(workspace: Workspace, copy: _Versioned, basis: Basis) -> None:
    """Make sure that everything is as it was when the plan was made.

    Raises
    ------
    StalePlanError
        When the cluster file, the state or the members moved since, or the members can no longer be read.
    AwsError, TerraformError
        When AWS or the state cannot be read.
    """
    if describe_cluster(workspace.cluster) != basis.cluster_file:
        raise _moved(basis, "the cluster file", seen="it says something else now")
    state = copy.state_version()
    if state != basis.state:
        raise _moved(basis, "Terraform's state", seen=f"it was {basis.state}, and is {state}")
    if basis.members is None:
        return
    try:
        members = _read_members(workspace)
    except _UNREADABLE as error:
        raise StalePlanError(
            f"whether etcd's members are still those that the plan {basis.sha256[:12]} was made for is unknown",
            seen=_reason(error),
            hint="make etcd readable again, or plan again and have that plan approved",
        ) from error
    if members != basis.members:
        seen = f"they were {_name_members(basis.members)}, and are {_name_members(members)}"
        raise _moved(basis, "the list of etcd's members", seen=seen)


def identify(workspace: Workspace, signer: Signer) -> Person:
    """Return who works here: the caller that AWS knows, and the key that signs for the operator.

    Raises
    ------
    AwsError
        When AWS does not know the credentials.
    """
    return Person(arn=workspace.session.caller().arn, public_key=signer.public_key)


def describe_cluster(cluster: Cluster) -> str:
    """Return a fingerprint of all that the cluster file says and a deploy or destroy carries out."""
    said = cluster.model_dump(mode="json", exclude=_NOT_DESCRIBED)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _read_members(workspace: Workspace) -> dict[str, str]:
    """Return id and name of each member; empty where no master exists, so that there is nobody to be asked."""
    if not aws.list_instances(workspace.session, workspace.cluster.name, role="master"):
        return {}
    with open_way_in(workspace) as way:
        return {member.id: member.name for member in list_members(way.endpoints, tls=way.tls)}


def _name_members(members: Mapping[str, str]) -> str:
    named = [f"{name or 'not started'} ({key})" for key, name in sorted(members.items(), key=lambda one: one[::-1])]
    return ", ".join(named) or "none yet"


def _reason(error: EtcdError | NotFoundError | SettingsError | SshError) -> str:
    return error.without_hint


def _moved(basis: Basis, what: str, *, seen: str) -> StalePlanError:
    words = (
        f"fleetkit plan {basis.cluster}" + (" --destroy" if basis.operation is Operation.DESTROY else "") + " --keep"
    )
    return StalePlanError(
        f"{what} has moved since the plan {basis.sha256[:12]} of {format_utc(basis.made_at)} was made",
        seen=seen,
        hint=f"plan again with {words}, look at the new plan, and have that approved",
    )
