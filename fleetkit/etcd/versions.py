"""Versions of etcd: which is the oldest to run, which flaws each has, and from which one may go to which. Pure."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from fleetkit.core import SettingsError

__all__ = [
    "FLOOR",
    "TRAPS",
    "EtcdVersion",
    "PathKind",
    "VersionPath",
    "VersionTrap",
    "find_traps",
    "is_below_floor",
    "judge_path",
    "tell_version",
]

_TEXT = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class EtcdVersion:
    """A released version.

    Attributes
    ----------
    major, minor, patch
        Its three numbers.
    """

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> EtcdVersion:
        """Read ``3.5.33``, or ``v3.5.33`` as images are tagged.

        Raises
        ------
        SettingsError
            When it is no released version.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise SettingsError("this is no released version of etcd", seen=repr(text), hint="such as 3.5.33")
        return cls(*(int(one) for one in found.groups()))

    @property
    def line(self) -> tuple[int, int]:
        """Major and minor number, within which each version may take the place of each other."""
        return (self.major, self.minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTrap:
    """A flaw of some versions, as etcd's own notes tell it.

    Attributes
    ----------
    since, before
        The first version that has it, and the first that has it no more.
    what
        What happens, as it goes on after the version: ``3.5.1 may …``.
    mend
        What to do.
    loses_data
        Whether data may be lost by it, so that nobody should go there.
    while_defragmenting
        Whether it strikes while a member rewrites its backend.
    """

    since: EtcdVersion
    before: EtcdVersion
    what: str
    mend: str
    loses_data: bool = False
    while_defragmenting: bool = False

    def has(self, version: EtcdVersion) -> bool:
        """Whether a version has it."""
        return self.since <= version < self.before


class PathKind(enum.StrEnum):
    """What a way from one version to another is."""

    SAME = "same"
    PATCH = "patch"
    MINOR = "minor"
    BACK_PATCH = "back patch"
    BACK_MINOR = "back minor"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPath:
    """What is to be said of going from one version to another.

    Attributes
    ----------
    start, goal
        The versions.
    kind
        What it is.
    refused
        Why it is no way at all, a sentence each; empty where it is one.
    losses
        Flaws of the goal by which data may be lost, a sentence each: only who accepts them may go there.
    warnings
        What else is to be known, a sentence each.
    back
        How one comes back from it.
    """

    start: EtcdVersion
    goal: EtcdVersion
    kind: PathKind
    refused: tuple[str, ...]
    losses: tuple[str, ...]
    warnings: tuple[str, ...]
    back: str


FLOOR = EtcdVersion(3, 5, 33)
"""The oldest version that real machines should run: what it and those before it mend is in `TRAPS`."""

_V2_LAST = (3, 5)
"""The last line with the v2 store (etcd's CHANGELOG-3.6 drops ``--enable-v2``)."""


def _trap(before: int, what: str, mend: str, *, since: int = 0, **more: bool) -> VersionTrap:
    return VersionTrap(since=EtcdVersion(3, 5, since), before=EtcdVersion(3, 5, before), what=what, mend=mend, **more)


TRAPS: tuple[VersionTrap, ...] = (
    _trap(
        3,
        "may come back from a kill under load with other data than the other members",
        "go to 3.5.3 or later; until then compare the members after each crash: fleetkit etcd hash",
        loses_data=True,
    ),
    _trap(
        6,
        "may come back with another revision than the others where it is killed while it defragments",
        "defragment only after a backup, and not before 3.5.6",
        while_defragmenting=True,
    ),
    _trap(
        20,
        "does not keep in the v3 store that a learner was promoted, and takes a voter for a learner later on",
        "go to 3.5.20 or later before members are replaced",
    ),
    _trap(
        22,
        "may not begin anew from its own data by --force-new-cluster",
        "restore from a backup instead: fleetkit etcd restore",
    ),
    _trap(
        23,
        "may spoil its data where it takes a snapshot from the leader while it defragments",
        "defragment only while all members are well, and go to 3.5.23 or later",
        loses_data=True,
        while_defragmenting=True,
    ),
    _trap(
        26,
        "may list members that were removed long ago once it goes on to a later line",
        "go to 3.5.26 or later",
    ),
    _trap(
        28,
        "can be passed by without the rights that its own accounts ask for (CVE-2026-33413, CVE-2026-33343)",
        "go to 3.5.28 or later; clusters without accounts of etcd's own rely on certificates alone",
    ),
    _trap(
        32,
        "may take a certificate that its revocation list names (GHSA-3wh4-j44w-pg92)",
        "go to 3.5.32 or later, and rotate the CA where a certificate was lost",
    ),
    _trap(
        33,
        "may be held up by clients that never end their TLS handshake, and may show watchers what is not theirs "
        "(GHSA-6vch-q96h-7gc3, GHSA-xg4h-6gfc-h4m8)",
        "go to 3.5.33 or later",
    ),
)
"""Flaws by version, from etcd's CHANGELOG-3.5 and the guides that it links; in the order in which they were mended."""


def tell_version(text: str) -> str:
    """Return a version as it is told to people: with a word on it where it is below `FLOOR`."""
    return f"{text} (below {FLOOR}, the oldest for real machines)" if is_below_floor(text) else text


def is_below_floor(text: str) -> bool:
    """Return whether a member that says this of its version runs one that is too old for real machines."""
    return _TEXT.fullmatch(text) is not None and EtcdVersion.parse(text) < FLOOR


def find_traps(text: str, *, defragmenting: bool = False) -> tuple[str, ...]:
    """Return what is to be said of running a version, a sentence each; nothing is known of one that was never released.

    Parameters
    ----------
    defragmenting
        Whether only those count that strike while a member rewrites its backend.
    """
    if _TEXT.fullmatch(text) is None:
        return ()
    version = EtcdVersion.parse(text)
    found = [one for one in TRAPS if one.has(version)]
    return tuple(_say(one, version) for one in found if one.while_defragmenting or not defragmenting)


def judge_path(start: EtcdVersion, goal: EtcdVersion) -> VersionPath:
    """Say whether members of version ``start`` may go to ``goal``, one after the other, and what is to be known.

    Sources are etcd's upgrade guides: one minor line at a time and forwards, any patch within a line; and what
    `TRAPS` says of each end.
    """
    kind = _kind(start, goal)
    moved = kind is not PathKind.SAME
    warnings = [] if goal >= FLOOR else [f"{goal} is below {FLOOR}, the oldest version that real machines should run"]
    warnings += [_say(one, goal) for one in TRAPS if one.has(goal) and not one.loses_data]
    if kind is PathKind.MINOR:
        warnings += list(_MINOR_NOTES)
    return VersionPath(
        start=start,
        goal=goal,
        kind=kind,
        refused=_refusals(start, goal, kind),
        # Who has the flaw already is none the worse for having it still.
        losses=tuple(
            _say(one, goal) for one in TRAPS if one.loses_data and one.has(goal) and moved and not one.has(start)
        ),
        warnings=tuple(warnings),
        back=_way_back(start, goal, kind),
    )


_MINOR_NOTES = (
    "where etcd has accounts of its own (auth), 3.4 and 3.5 write them differently: switch auth off before",
    "a member with more than 50 MB in its v2 store may take two minutes to catch up",
)


def _kind(start: EtcdVersion, goal: EtcdVersion) -> PathKind:
    if start == goal:
        return PathKind.SAME
    if start.line == goal.line:
        return PathKind.PATCH if start < goal else PathKind.BACK_PATCH
    return PathKind.MINOR if start < goal else PathKind.BACK_MINOR


def _refusals(start: EtcdVersion, goal: EtcdVersion, kind: PathKind) -> tuple[str, ...]:
    reasons = []
    if goal.line > _V2_LAST:
        reasons.append(f"{goal} has no v2 store, in which fleet keeps its state: 3.5 is the last line that has it")
    if kind is PathKind.BACK_MINOR:
        reasons.append(
            f"members that have all run {start.major}.{start.minor} do not go back to {goal.major}.{goal.minor}; "
            "a backup of before is restored instead: fleetkit etcd restore"
        )
    if goal.line > start.line and (start.major, start.minor + 1) != goal.line:
        reasons.append(f"from {start} to {goal} is more than one minor line: go line by line")
    return tuple(reasons)


def _way_back(start: EtcdVersion, goal: EtcdVersion, kind: PathKind) -> str:
    if kind is PathKind.SAME:
        return "nothing changes its version"
    if kind is PathKind.BACK_MINOR:
        return "it is no way that etcd goes"
    if kind is not PathKind.MINOR:
        return f"back to {start} at any time, one member after the other"
    return (
        f"back to {start} as long as one member still runs it; once all run {goal.major}.{goal.minor}, "
        "not any more: a restore of the backup of before brings its data back, and they run under the new version"
    )


def _say(trap: VersionTrap, version: EtcdVersion) -> str:
    return f"{version} {trap.what}: {trap.mend}"
