"""Changing keys one after the other, each only while it is what it was; at every moment it is known what was done.

A plan of keys and the trees for the original's proxies both go this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetkit.core import FleetkitError
from fleetkit.etcd import KeyStore, StoredKey
from fleetkit.workflows._keys_plan import KeyChange

__all__ = ["DoneKeys", "change_keys"]


@dataclass(slots=True, kw_only=True)
class DoneKeys:
    """What has been done so far; it grows while keys are changed.

    Attributes
    ----------
    written
        The keys as the writing left them.
    deleted
        Those that are gone, as they were.
    """

    written: list[StoredKey] = field(default_factory=list)
    deleted: list[StoredKey] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many keys that are."""
        return len(self.written) + len(self.deleted)

    @property
    def facts(self) -> dict[str, Any]:
        """Which keys, as JSON has it, and never what they hold."""
        return {
            "written": [{"key": one.name, "revision": one.revision} for one in self.written],
            "deleted": [{"key": one.name, "revision": one.revision} for one in self.deleted],
        }


def change_keys(store: KeyStore, stages: Sequence[Sequence[KeyChange]], *, done: DoneKeys) -> None:
    """Change keys, stage by stage; within one, what is written comes before what is deleted.

    Parameters
    ----------
    done
        Told each key once it is known to be done.

    Raises
    ------
    StalePlanError
        When a key has changed since; the rest is not done.
    EtcdError
        When no member takes one, or does not answer in time: whether that one was done is not known.
    SettingsError
        When the store cannot hold one.

    Each says how many were done before it.
    """
    try:
        for stage in stages:
            for one in stage:
                if not one.deletes:
                    done.written.append(store.put(one.key, one.content, expected=one.expected, ttl_s=one.ttl_s))
            gone = tuple(one.before for one in stage if one.deletes and one.before is not None)
            if gone:
                store.delete(gone, on_deleted=done.deleted.append)
    except FleetkitError as error:
        if done.count:
            before = f"{done.count} of {sum(map(len, stages))} were done before it"
            error.seen = f"{error.seen}; {before}" if error.seen else before
        raise
