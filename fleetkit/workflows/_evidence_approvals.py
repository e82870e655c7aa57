"""Which plans were approved, by whom, and whether their signatures hold: what a record's journal tells of that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, format_utc
from fleetkit.runs import EventKind, Flaw, JournalEvent, read_journal
from fleetkit.workflows._signed_approval import SignedApproval
from fleetkit.workflows.approval import ApprovalWay

__all__ = ["ToldApproval", "find_approval_flaws", "read_approvals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldApproval:
    """An approval as a record tells it.

    Attributes
    ----------
    run, at
        The record, and when the plan was applied on it.
    operation, plan
        What the plan was for, and its sha256.
    way
        How it was approved: ``name``, ``sha256`` or ``file``.
    arn, name
        Who approved, as AWS and as the cluster file knew them then.
    public_key, given_at, expires_at
        Of a signed approval.
    flaw
        Why a signed approval does not hold; empty where it does, and where it is none.
    """

    run: str
    at: dt.datetime
    operation: str
    plan: str
    way: str
    arn: str
    name: str
    public_key: str = ""
    given_at: str = ""
    expires_at: str = ""
    flaw: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether it bears a signature that holds."""
        return bool(self.public_key) and not self.flaw

    @property
    def signature(self) -> str:
        """What can be said of its signature."""
        return self.flaw or ("holds" if self.is_signed else "none: it was approved by word")


def read_approvals(folder: Path, *, cluster: str) -> Iterator[ToldApproval]:
    """Yield the approvals that the record in ``folder`` tells of.

    Raises
    ------
    FleetkitError
        When its journal cannot be read to its end; what stands before the damage was yielded.
    """
    operations: dict[str, str] = {}
    for event in read_journal(folder):
        if event.kind is EventKind.PLAN:
            operations[str(event.data.get("sha256", ""))] = str(event.data.get("operation", ""))
        elif event.kind is EventKind.APPROVAL:
            plan = str(event.data.get("plan_sha256", ""))
            yield _read(event, run=folder.name, cluster=cluster, operation=operations.get(plan, ""))


def find_approval_flaws(folder: Path, cluster: str, *, keys: Collection[str]) -> Iterator[Flaw]:
    """Yield what is wrong with the approvals of a record, as far as its journal can be read.

    Parameters
    ----------
    keys
        Public keys of which one must have signed each that is signed.
    """
    try:
        for one in read_approvals(folder, cluster=cluster):
            what = one.flaw
            if one.is_signed and one.public_key not in keys:
                what = f"it is signed by {one.public_key}, which is none of the keys that were given"
            if what:
                yield Flaw(where=f"the approval of the plan {one.plan[:12]}", what=what)
    except FleetkitError:
        # Its journal is damaged from there on, and the record's own proof says where.
        return


def _read(event: JournalEvent, *, run: str, cluster: str, operation: str) -> ToldApproval:
    data, by = event.data, event.data.get("by")
    who: Mapping[str, Any] = by if isinstance(by, Mapping) else {}
    plan, way = str(data.get("plan_sha256", "")), str(data.get("way", ""))
    word = ToldApproval(
        run=run,
        at=event.at,
        operation=operation,
        plan=plan,
        way=way,
        arn=_text(who, "arn"),
        name=_text(who, "name"),
    )
    document = data.get("document")
    if document is None:
        flaw = "it is told as signed, and the signed approval is not there" if way == ApprovalWay.FILE else ""
        return replace(word, flaw=flaw)
    try:
        signed = SignedApproval.from_json(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return replace(word, flaw=f"it is no approval: {type(error).__name__}: {error}")
    return replace(
        word,
        arn=signed.by.arn,
        operation=str(signed.basis.operation),
        public_key=signed.by.public_key,
        given_at=format_utc(signed.given_at),
        expires_at=format_utc(signed.expires_at),
        flaw=_find_flaw(signed, event, plan=plan, cluster=cluster),
    )


def _find_flaw(signed: SignedApproval, event: JournalEvent, *, plan: str, cluster: str) -> str:
    if not signed.holds:
        return "its signature does not hold: it was changed, or another key made it"
    if signed.basis.sha256 != plan:
        return f"it is for another plan, {signed.basis.sha256[:12]}"
    if signed.basis.cluster != cluster:
        return f"it is for the cluster {signed.basis.cluster}"
    # Both are moments of computers' clocks: one that is some seconds off makes nobody a forger.
    if event.at >= signed.expires_at:
        return f"it had expired at {format_utc(signed.expires_at)}, and was used at {format_utc(event.at)}"
    return ""


def _text(fields: Mapping[str, Any], name: str) -> str:
    return str(fields.get(name) or "")
