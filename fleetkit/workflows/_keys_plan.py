"""The plan of a change of keys: what each is now and would be then, whom it could hurt, and on which condition."""

from __future__ import annotations

import base64
import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_bytes
from fleetkit.etcd import (
    ContentKind,
    Store,
    StoredKey,
    decode_content,
    show_content,
    show_key,
    show_revision,
    tell_kind,
)
from fleetkit.fleet import is_fleet_key, is_live_key
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan
from fleetkit.workflows._shown import list_under

__all__ = ["KeyChange", "KeysPlan", "warn_of"]

_MOST_LINES = 24
"""Lines of a value from which on only what changes in it is shown, with what stands around."""

_MOST_BYTES = 512
"""Bytes of a value that are shown in hex."""

_MOST_NAMED = 50
_OTHERS = b"/registry"
"""Where Kubernetes keeps its state in the v3 store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """What is done to one key.

    Attributes
    ----------
    key
        Which.
    before
        What it is now; None where it is not there.
    deletes
        Whether it goes.
    content
        What it will hold; None for a directory of v2, and for one that goes.
    ttl_s
        Seconds after which it expires, 0 for never; None keeps what it has.
    """

    key: bytes
    before: StoredKey | None
    deletes: bool = False
    content: bytes | None = None
    ttl_s: int | None = None

    @property
    def expected(self) -> int:
        """The revision that it must have then; 0 where it must not be there."""
        return 0 if self.before is None else self.before.revision

    @property
    def lifetime_s(self) -> int | None:
        """Seconds after which it will expire; None where it never does."""
        if self.ttl_s is not None:
            return self.ttl_s or None
        return None if self.before is None else self.before.ttl_s

    @property
    def is_empty(self) -> bool:
        """Whether it leaves all as it is."""
        if self.before is None or self.deletes:
            return False
        lives_on = self.ttl_s is None or (self.ttl_s == 0 and self.before.ttl_s is None)
        return lives_on and self.before.content == self.content and self.before.is_dir == (self.content is None)

    @property
    def outline(self) -> str:
        """What it is now, or what will be where nothing is, in a few words."""
        return _tell_value(self.content, self.lifetime_s) if self.before is None else _tell_before(self.before)

    @property
    def facts(self) -> list[Any]:
        """What makes it this change and no other; of a value its hash alone."""
        digest = "" if self.content is None else hashlib.sha256(self.content).hexdigest()
        return [base64.b64encode(self.key).decode(), self.deletes, self.expected, digest, self.ttl_s]

    @property
    def text(self) -> str:
        """What it is now and will be then."""
        now = "now: not there" if self.before is None else f"now ({_tell_before(self.before)}):"
        shown_now = "" if self.before is None else _show(self.before.content)
        if self.deletes:
            return _join(now, shown_now, "then: gone", "")
        then = f"then ({_tell_value(self.content, self.lifetime_s)}):"
        difference = self._difference()
        if difference:
            return _join(now, "", then, difference)
        return _join(now, shown_now, then, _show(self.content))

    def _difference(self) -> str:
        """Return only what changes, where both values are text and long."""
        if self.before is None or self.before.content is None or self.content is None:
            return ""
        if ContentKind.BYTES in (tell_kind(self.before.content), tell_kind(self.content)):
            return ""
        old, new = show_content(self.before.content).splitlines(), show_content(self.content).splitlines()
        if len(old) + len(new) <= _MOST_LINES:
            return ""
        return "\n".join(difflib.unified_diff(old, new, "now", "then", lineterm=""))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeysPlan(ChangePlan):
    """What would be done to keys of one store.

    Attributes
    ----------
    store
        Which.
    changes
        To each key, in the order in which they are made.
    """

    store: Store
    changes: tuple[KeyChange, ...]

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.CHANGE_KEYS

    @property
    def is_empty(self) -> bool:
        """Whether all keys are as they are to be."""
        return all(one.is_empty for one in self.changes)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which keys, on which condition, and the hashes of what they will hold."""
        return {"change_keys": self.store.value, "changes": [one.facts for one in self.changes]}

    @property
    def aim(self) -> str:
        """What it does, in one sentence."""
        where = f"in the {self.store} store of {self.cluster}"
        if self.is_empty:
            return f"Nothing to do: {self._what} {where} {'is' if len(self.changes) == 1 else 'are'} as asked for."
        verb = "Delete" if all(one.deletes for one in self.changes) else "Write"
        if len(self.changes) == 1 and self.changes[0].before is None:
            verb = "Create"
        return f"{verb} {self._what} {where}."

    @property
    def course(self) -> tuple[str, ...]:
        """What each key is and will be, what speaks against it, and on which condition it is done."""
        if self.is_empty:
            return ()
        return (*self._each, *self.warnings, self._condition)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whom the change could hurt, a sentence each."""
        said = (warn_of(one.key, store=self.store) for one in self.changes)
        return tuple(dict.fromkeys(one for one in said if one))

    @property
    def impossible(self) -> str:
        """What cannot be done; nothing of this is ever refused by itself."""
        return f"the keys of {self.cluster} cannot be changed"

    @property
    def _what(self) -> str:
        if len(self.changes) == 1:
            return show_key(self.changes[0].key)
        return f"{len(self.changes)} keys from {show_key(self.changes[0].key)} to {show_key(self.changes[-1].key)}"

    @property
    def _each(self) -> tuple[str, ...]:
        if len(self.changes) == 1:
            return (self.changes[0].text,)
        named = [f"{show_key(one.key)}: {one.outline}" for one in self.changes[:_MOST_NAMED]]
        left = len(self.changes) - len(named)
        title = "to be deleted:" if all(one.deletes for one in self.changes) else "to be written:"
        return (list_under(title, [*named, *([f"… and {left} more"] if left else [])]),)

    @property
    def _condition(self) -> str:
        if len(self.changes) == 1:
            (only,) = self.changes
            if only.before is None:
                return "It is refused if the key is there by then."
            if _goes_as_directory(only):
                return "It is refused if the directory holds something by then."
            return f"It is refused if the key is not at {show_revision(self.store, only.expected)} any more."
        what = "is there by then" if all(one.before is None for one in self.changes) else "is not what it is now"
        if any(map(_goes_as_directory, self.changes)):
            what += ", or is a directory that holds something else"
        return f"Each is refused if it {what}; what was done before that stays done."


def warn_of(key: bytes, *, store: Store) -> str:
    """Say whose key it is, where it is not the operator's; empty for any other."""
    name = show_key(key)
    if store is Store.V2 and is_live_key(name):
        return (
            "careful: machines of fleet write this by themselves, and will write it again; what stands there meanwhile "
            "moves or stops units."
        )
    if store is Store.V2 and is_fleet_key(name):
        return "careful: this is fleet's own state; what fleet cannot read there, it stumbles over until it is mended."
    if store is Store.V3 and (key == _OTHERS or key.startswith(_OTHERS + b"/")):
        return "careful: this is the state of a Kubernetes; its API server expects nobody else to write there."
    return ""


def _goes_as_directory(change: KeyChange) -> bool:
    # etcd compares no index where a directory of v2 is deleted: it demands that nothing is left in it.
    return change.deletes and change.before is not None and change.before.is_dir


def _tell_before(before: StoredKey) -> str:
    return f"{show_revision(before.store, before.revision)}, {_tell_value(before.content, before.ttl_s)}"


def _tell_value(content: bytes | None, ttl_s: int | None) -> str:
    what = "directory" if content is None else f"{tell_kind(content)}, {format_bytes(len(content))}"
    return f"{what}, {'never expires' if ttl_s is None else f'expires in {ttl_s} s'}"


def _show(content: bytes | None) -> str:
    if content is None:
        return ""
    if decode_content(content) is None and len(content) > _MOST_BYTES:
        rest = f"… and {format_bytes(len(content) - _MOST_BYTES)} more, sha256 {hashlib.sha256(content).hexdigest()}"
        return f"{show_content(content[:_MOST_BYTES])}\n{rest}"
    return show_content(content)


def _join(now: str, shown_now: str, then: str, shown_then: str) -> str:
    lines = [now, *(f"  {line}" for line in shown_now.splitlines())]
    lines += [then, *(f"  {line}" for line in shown_then.splitlines())]
    return "\n".join(lines)
