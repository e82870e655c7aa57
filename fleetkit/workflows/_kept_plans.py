"""Plans that wait for an approval: kept in the cluster's folder by one process, taken up by another.

What Terraform's plan does not hold, such as leftovers to remove, stands in the note beside it, and both are covered by
the plan's fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fleetkit.aws import Part, PartKind, Thing, ThingKind
from fleetkit.core import ApprovalMissingError, NotFoundError, StalePlanError
from fleetkit.terraform import KeptPlan, WorkingCopy
from fleetkit.workflows._basis import Basis, Operation
from fleetkit.workflows._signed_approval import read_approval
from fleetkit.workflows.approval import names_file, names_plan

__all__ = [
    "LATEST",
    "Kept",
    "find_approved",
    "find_kept",
    "fingerprint",
    "note_for",
    "read_part",
    "read_thing",
    "write_thing",
]

LATEST = "latest"
"""Stands for the plan that was kept last."""

_SHORTEST_PREFIX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A plan that waits for an approval.

    Attributes
    ----------
    file
        Terraform's plan.
    basis
        What it was made on.
    content
        What the plan holds beside Terraform's.
    """

    file: KeptPlan
    basis: Basis
    content: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, file: KeptPlan) -> Kept:
        """Read the note of a kept plan.

        Raises
        ------
        StalePlanError
            When it is not a note that a plan of ours was kept with, or it was changed since.
        """
        try:
            found = cls(file=file, basis=Basis.from_json(file.note["basis"]), content=dict(file.note["content"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _changed(file, f"{type(error).__name__}: {error}") from error
        if fingerprint(file.sha256, found.content) != found.basis.sha256:
            raise _changed(file, "it does not fit its own sha256")
        return found


def fingerprint(saved_sha256: str, content: Mapping[str, Any]) -> str:
    """Return the sha256 of a plan: of Terraform's file, and of all that is done beside it."""
    return hashlib.sha256(f"{saved_sha256}\n{json.dumps(content, sort_keys=True)}".encode()).hexdigest()


def note_for(basis: Basis, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept beside Terraform's plan."""
    return {"basis": basis.to_json(), "content": content}


def find_kept(copy: WorkingCopy, which: str) -> Kept:
    """Find a kept plan.

    Parameters
    ----------
    copy
        The working copy that keeps them.
    which
        ``latest``, a sha256 or the beginning of one, or the path of a plan's file.

    Raises
    ------
    NotFoundError
        When there is none, or more than one begins so; lists those that are kept.
    StalePlanError
        When its note is damaged.
    """
    if "/" in which or which.endswith(".tfplan"):
        path = Path(which).expanduser()
        if not path.is_file():
            raise NotFoundError(f"no plan in {path}", hint="fleetkit plan --keep keeps one")
        return Kept.of(KeptPlan.read(path))
    kept = [Kept.of(file) for file in copy.kept_plans()]
    if which == LATEST:
        found = kept[:1]
    else:
        found = [one for one in kept if len(which) >= _SHORTEST_PREFIX and one.basis.sha256.startswith(which)]
    if len(found) != 1:
        raise NotFoundError(
            f"no plan is kept as {which!r}" if not found else f"{len(found)} plans are kept as {which!r}",
            known=[one.basis.sha256 for one in kept],
            hint="fleetkit plan --keep keeps one; one that was applied, or is older than a week, is kept no longer",
        )
    return found[0]


def find_approved(copy: WorkingCopy, approval: str, *, operation: Operation, cluster: str) -> Kept | None:
    """Find the kept plan that an approval is for; None where it is none for a kept plan.

    Raises
    ------
    ApprovalMissingError
        When it is a file that is no approval, or it is for another cluster or operation.
    StalePlanError
        When the plan is kept no longer.
    """
    if names_file(approval):
        signed = read_approval(Path(approval).expanduser())
        signed.require_for(cluster=cluster, operation=operation)
        sha256 = signed.basis.sha256
    elif names_plan(approval):
        sha256 = approval
    else:
        return None
    again = f"plan again: fleetkit plan {cluster} --keep"
    try:
        found = find_kept(copy, sha256)
    except NotFoundError as error:
        raise StalePlanError(
            f"the plan {sha256[:12]} that was approved is kept here no longer",
            seen=error.seen,
            hint=f"it was applied or removed; {again}",
        ) from error
    if found.basis.operation is not operation:
        raise ApprovalMissingError(
            f"the plan {sha256[:12]} is for another operation",
            seen=f"it is for a {found.basis.operation}, and this is a {operation}",
            hint=again,
        )
    return found


def read_thing(fields: Mapping[str, Any]) -> Thing:
    """Read a thing that `write_thing` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        When it is something else.
    """
    return Thing(**{**fields, "kind": ThingKind(fields["kind"])})


def read_part(fields: Mapping[str, Any]) -> Part:
    """Read a part that `write_thing` wrote; raises as `read_thing` does."""
    return Part(kind=PartKind(fields["kind"]), key=tuple(fields["key"]), part_id=fields["part_id"])


def write_thing(thing: Thing | Part) -> dict[str, Any]:
    """Return a thing or a part as JSON has it."""
    return asdict(thing)


def _changed(file: KeptPlan, seen: str) -> StalePlanError:
    return StalePlanError(
        f"what was kept beside the plan {file.path.name} is not what was written there",
        seen=seen,
        hint="plan again, and have that plan approved",
    )
