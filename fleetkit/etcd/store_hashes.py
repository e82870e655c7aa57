"""The hashes of all members as values, and who differs from most."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass

from fleetkit.core import Results

__all__ = ["HashScope", "MemberHash", "StoreHashes"]


class HashScope(enum.StrEnum):
    """Over what a hash is."""

    KEYS = "keys"
    """All keys and their history up to one revision."""
    BACKEND = "backend"
    """Everything in the backend, as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHash:
    """A member's hash.

    Attributes
    ----------
    hash
        A CRC32, as etcd computes it.
    scope
        Over what it is.
    revision
        The revision at which it was taken.
    compact_revision
        The revision up to which history was dropped, -1 for never; 0 where the scope is the backend.
    """

    hash: int
    scope: HashScope
    revision: int
    compact_revision: int = 0

    @property
    def _moment(self) -> tuple[HashScope, int, int]:
        return self.scope, self.revision, self.compact_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHashes:
    """The hashes of all members.

    Attributes
    ----------
    by_name
        Endpoint's name to its hash, or to the `EtcdError` that says why there is none.
    """

    by_name: Results[str, MemberHash]

    @property
    def is_comparable(self) -> bool:
        """Whether all hashes that there are were taken of the same moment; if not, nothing can be said."""
        return len({one._moment for one in self.by_name.ok.values()}) == 1

    @property
    def differing(self) -> tuple[str, ...]:
        """Those that differ from most; all, where none is with most; none, where they cannot be compared."""
        found = self.by_name.ok
        counts = Counter(one.hash for one in found.values())
        if not self.is_comparable or len(counts) == 1:
            return ()
        shared, most = counts.most_common(1)[0]
        return tuple(name for name, one in found.items() if one.hash != shared or 2 * most <= len(found))

    @property
    def agree(self) -> bool:
        """Whether every member told its hash, and all are the same."""
        return not self.by_name.failed and self.is_comparable and not self.differing

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.by_name.ok:
            return "no member told its hash"
        if not self.is_comparable:
            return (
                "the hashes are of different moments and cannot be compared: they were written to meanwhile, ask again"
            )
        silent = f"; {', '.join(self.by_name.failed)} did not tell" if self.by_name.failed else ""
        if self.differing:
            return f"the members do not hold the same: {', '.join(self.differing)} differs from most{silent}"
        return f"{len(self.by_name.ok)} members hold the same{silent}"
