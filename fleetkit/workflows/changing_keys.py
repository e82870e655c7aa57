"""Changing keys of etcd: plan, approve, apply on the condition that nobody was faster, verify.

No lock of the cluster is taken: the condition is kept by etcd itself, key by key, against everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fleetkit.config import Approval
from fleetkit.core import FleetkitError, SettingsError
from fleetkit.etcd import KeyStore, Store, StoredKey, show_key, show_revision
from fleetkit.runs import EventKind
from fleetkit.workflows._done_keys import DoneKeys, change_keys
from fleetkit.workflows._keys_look import find_key, gather_keys, require_revision
from fleetkit.workflows._keys_plan import KeyChange, KeysPlan
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown, Verified
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.approval import Approved

__all__ = [
    "ChangedKeys",
    "KeyPlace",
    "VerifiedKeys",
    "apply_key_changes",
    "plan_key_copy",
    "plan_key_deletion",
    "plan_key_put",
    "verify_key_changes",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where keys are read and changed.

    Attributes
    ----------
    keys
        The store.
    owner
        The cluster's name; of any other etcd its first endpoint. Changes are approved by it.
    rules
        What an approval takes.
    workspace
        The cluster, by whose credentials a record says who approved; None where nothing is recorded.
    """

    keys: KeyStore
    owner: str
    rules: Approval = field(default_factory=Approval)
    workspace: Workspace | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChangedKeys(Shown):
    """What was done.

    Attributes
    ----------
    store
        Where.
    written
        The keys as the writing left them.
    deleted
        Those that are gone.
    """

    store: Store
    written: tuple[StoredKey, ...] = ()
    deleted: tuple[StoredKey, ...] = ()

    def __str__(self) -> str:
        lines = [f"wrote {one.name}, {show_revision(self.store, one.revision)}" for one in self.written]
        lines += [f"deleted {one.name}" for one in self.deleted]
        return "\n".join(lines) or "nothing was done"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedKeys(Verified):
    """How the keys stand after a change.

    Attributes
    ----------
    looked_at
        How many were looked at.
    findings
        What is not as it was left, a sentence each.
    """

    looked_at: int
    findings: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence."""
        keys = "1 key" if self.looked_at == 1 else f"{self.looked_at} keys"
        return f"{keys} read again: {'not all' if self.findings else 'all'} as they were left"


def plan_key_put(
    place: KeyPlace,
    key: bytes,
    *,
    content: bytes | None,
    revision: int | None = None,
    ttl_s: int | None = None,
) -> KeysPlan:
    """Look at a key, and plan what is written there.

    Parameters
    ----------
    content
        None makes a directory of v2.
    revision
        The one that it must have, as who decided on this saw it; 0 creates it alone. Any where not given.
    ttl_s
        Seconds after which it expires, 0 for never; None keeps what it has.

    Raises
    ------
    StalePlanError
        When it has another revision.
    EtcdError
        When it cannot be read.
    SettingsError
        When the store cannot hold it.
    """
    place.keys.require_fit(key, content)
    before = find_key(place.keys, key)
    require_revision(key, before, revision, store=place.keys.store)
    if before is not None and before.is_dir is not (content is None):
        there, wanted = ("a directory", "a key") if before.is_dir else ("a key", "a directory")
        raise SettingsError(f"{show_key(key)} is {there}, and cannot be made {wanted}", hint="delete it first")
    change = KeyChange(key=key, before=before, content=content, ttl_s=ttl_s)
    return _plan(place, [change])


def plan_key_copy(place: KeyPlace, source: bytes, *, target: bytes, below: bool = False) -> KeysPlan:
    """Plan a copy to where nothing is yet; times to live do not go along.

    Parameters
    ----------
    below
        Copy all that lies below it: of v2 a directory and all in it; of v3 all keys that begin so.

    Raises
    ------
    StalePlanError
        When a key is there that would be written.
    NotFoundError
        When there is nothing to copy.
    SettingsError
        When the target lies within the source, it is a directory, or there are too many keys.
    """
    if below and (target == source or target.startswith(source.rstrip(b"/") + b"/")):
        raise SettingsError(f"{show_key(target)} lies within {show_key(source)}", hint="copy it elsewhere")
    found = gather_keys(place.keys, source, values=True) if below else [place.keys.get(source)]
    if found[0].is_dir and not below:
        raise SettingsError(f"{show_key(source)} is a directory", hint="copy it with all that lies below it: --below")
    changes = []
    for one in found:
        key = target + one.key[len(source) :]
        require_revision(key, find_key(place.keys, key), 0, store=place.keys.store)
        changes.append(KeyChange(key=key, before=None, content=one.content, ttl_s=0))
    return _plan(place, changes)


def plan_key_deletion(place: KeyPlace, key: bytes, *, below: bool = False, revision: int | None = None) -> KeysPlan:
    """Plan that a key goes, or all that lies below it too.

    Parameters
    ----------
    below
        Of v2 a directory and all in it; of v3 all keys that begin so.
    revision
        As for `plan_key_put`.

    Raises
    ------
    NotFoundError
        When there is nothing.
    StalePlanError
        When it has another revision.
    SettingsError
        When there are too many keys.
    """
    if below:
        found = gather_keys(place.keys, key, values=False)
    else:
        found = [place.keys.get(key)]
        require_revision(key, found[0], revision, store=place.keys.store)
    return _plan(place, [KeyChange(key=one.key, before=one, deletes=True) for one in found])


def apply_key_changes(place: KeyPlace, approved: Approved[KeysPlan], *, report: Reporter | None = None) -> ChangedKeys:
    """Do exactly what was approved, each key on the condition that it is what it was.

    Whatever breaks it off, what was done by then stays done, is recorded, and is told with the error.

    Raises
    ------
    StalePlanError
        When one has changed since.
    AwsError
        When a cluster's approval is to be recorded, and AWS does not say by whom it is; nothing was changed.
    EtcdError
        When no member takes it, or does not answer in time: then whether that one was done is not known, and the hint
        says so.
    SettingsError
        When the store cannot hold one.
    """
    plan, told = approved.plan, report or Reporter()
    if plan.is_empty:
        return ChangedKeys(store=plan.store)
    told.record(EventKind.APPROVAL, approved.facts(place.workspace))
    done, failed = DoneKeys(), "it was broken off"
    try:
        change_keys(place.keys, [plan.changes], done=done)
        failed = ""
    except FleetkitError as error:
        failed = error.without_hint
        raise
    finally:
        facts = {"what": "keys", "store": plan.store.value, "plan_sha256": plan.sha256, **done.facts}
        told.record(EventKind.CHANGE, {**facts, **({"failed": failed} if failed else {})})
    return ChangedKeys(store=plan.store, written=tuple(done.written), deleted=tuple(done.deleted))


def verify_key_changes(place: KeyPlace, changed: ChangedKeys, *, report: Reporter | None = None) -> VerifiedKeys:
    """Read again what was changed.

    Raises
    ------
    EtcdError
        When it cannot be read.
    """
    findings = []
    for one in changed.written:
        found = find_key(place.keys, one.key)
        if found is None:
            why = "it has expired, or somebody deleted it" if one.ttl_s is not None else "somebody deleted it"
            findings.append(f"{one.name} is gone: {why}")
        elif found.revision != one.revision:
            findings.append(f"{one.name} was changed since: it is at {show_revision(found.store, found.revision)}")
    for one in changed.deleted:
        if find_key(place.keys, one.key) is not None:
            findings.append(f"{one.name} is there again: somebody writes it")
    verified = VerifiedKeys(looked_at=len(changed.written) + len(changed.deleted), findings=tuple(findings))
    facts = {"what": "keys", "ok": not findings, "findings": findings}
    (report or Reporter()).record(EventKind.VERIFIED, facts)
    return verified


def _plan(place: KeyPlace, changes: Iterable[KeyChange]) -> KeysPlan:
    return KeysPlan(cluster=place.owner, rules=place.rules, store=place.keys.store, changes=tuple(changes))
