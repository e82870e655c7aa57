"""The trees of etcd's v2 store from which the original's proxies learn of services: read, compared, made true.

A directory of a service is ours where a hidden key in it says so. etcd lists no key that begins with ``_``, so that
proxies, which take every key of a directory for an instance, do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fleetkit.core import NotFoundError
from fleetkit.etcd import KeyStore, StoredKey
from fleetkit.fleet import SERVICE_TREES, Health, JudgedInstance, UnreadService, render_service_keys
from fleetkit.workflows._done_keys import DoneKeys, change_keys
from fleetkit.workflows._keys_plan import KeyChange

__all__ = ["ServiceTrees", "TreeChange", "TreeDifference", "change_trees", "compare_trees", "read_trees"]

_MARK = "_fleetkit"
_MARK_VALUE = "heritage=fleetkit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTrees:
    """What stands in the trees.

    Attributes
    ----------
    keys
        All keys and directories that are listed, by their paths.
    marks
        The path of each directory that is ours, to its mark.
    """

    keys: Mapping[str, StoredKey]
    marks: Mapping[str, StoredKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeChange:
    """What becomes of a key of a tree, or of the directory of a service.

    Attributes
    ----------
    key
        Its path.
    before
        What it is; None where it is made.
    after
        Its value then; None where it is removed.
    """

    key: str
    before: StoredKey | None
    after: str | None

    @property
    def change(self) -> KeyChange:
        """Return it as what is done to a key of any store; what is written here never expires."""
        content = None if self.after is None else self.after.encode()
        return KeyChange(
            key=self.key.encode(), before=self.before, deletes=self.after is None, content=content, ttl_s=0
        )

    @property
    def is_of_folder(self) -> bool:
        """Whether a directory goes with it, or what makes the directory ours."""
        return self.after is None and (
            (self.before is not None and self.before.is_dir) or self.key.endswith(f"/{_MARK}")
        )

    @property
    def facts(self) -> dict[str, str | None]:
        """Return it as JSON has it."""
        content = None if self.before is None or self.before.content is None else self.before.content.decode()
        return {"key": self.key, "before": content, "after": self.after}

    def __str__(self) -> str:
        if self.after is None:
            return f"remove {self.key}"
        return f"{'create' if self.before is None else 'change'} {self.key}: {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeDifference:
    """What the trees need to be true.

    Attributes
    ----------
    changes
        What has to change.
    findings
        What is left as it is, and why; one sentence each.
    """

    changes: tuple[TreeChange, ...] = ()
    findings: tuple[str, ...] = ()


def read_trees(store: KeyStore) -> ServiceTrees:
    """Read both trees, and which directories are ours; a tree that is not there is empty.

    Raises
    ------
    EtcdError
        When no member answered in time.
    """
    keys: dict[str, StoredKey] = {}
    for tree in SERVICE_TREES:
        try:
            keys |= {one.key.decode(): one for listing in store.walk(tree.encode()) for one in listing.keys}
        except NotFoundError:
            continue
    marks = {}
    for path in (path for path, one in keys.items() if one.is_dir and path.rpartition("/")[0] in SERVICE_TREES):
        try:
            marks[path] = store.get(f"{path}/{_MARK}".encode())
        except NotFoundError:
            continue
    return ServiceTrees(keys=keys, marks=marks)


def compare_trees(
    judged: Iterable[JudgedInstance],
    trees: ServiceTrees,
    *,
    remove_last: bool = False,
    unread: Sequence[UnreadService] = (),
) -> TreeDifference:
    """Say what has to change for the trees to have the healthy instances alone.

    Parameters
    ----------
    judged, remove_last, unread
        As `compare_zone` takes them, and with the same rules for what is left as it is.
    """
    by_service: dict[str, list[JudgedInstance]] = {_service_of(folder): [] for folder in trees.marks}
    for one in judged:
        by_service.setdefault(one.instance.name, []).append(one)
    comparing = _Comparing(trees=trees, remove_last=remove_last)
    for service in sorted(one for one in by_service if not any(its.holds(one) for its in unread)):
        comparing.compare(service, by_service[service])
    return TreeDifference(changes=tuple(comparing.changes), findings=tuple(comparing.findings))


def change_trees(store: KeyStore, changes: Sequence[TreeChange], *, done: DoneKeys) -> None:
    """Change keys, each only while it is as it was read; what is made comes before what is removed.

    A directory stays ours until all of its instances are gone, so that the next sync goes on where this one was cut
    off.

    Parameters
    ----------
    done
        Told each key once it is known to be done.

    Raises
    ------
    StalePlanError
        When one has changed since; those before it were done, and the next sync goes on.
    EtcdError
        When etcd refuses, or does not answer in time: whether that one was done is not known, and the hint says so.
    """
    stages = ([one.change for one in changes if one.is_of_folder is of_folder] for of_folder in (False, True))
    change_keys(store, list(stages), done=done)


@dataclass(slots=True, kw_only=True)
class _Comparing:
    trees: ServiceTrees
    remove_last: bool
    changes: list[TreeChange] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def compare(self, service: str, instances: Sequence[JudgedInstance]) -> None:
        owned = {folder for folder in self.trees.marks if _service_of(folder) == service}
        there = {key: one for folder in owned for key, one in self._below(folder)}
        places = {(key.rpartition("/")[0], one.content) for key, one in there.items()}
        serving = [one.instance for one in instances if _serves(one, places)]
        if not serving and not (owned and self.remove_last):
            self.findings += [f"{folder} stays as it is, for {service} has no healthy instance" for folder in owned]
            return
        wanted = render_service_keys(serving)
        folders = {key.rpartition("/")[0] for key in wanted}
        taken = sorted(one for one in folders.intersection(self.trees.keys) - owned if not self._is_free(one))
        taken += sorted(key for key, one in there.items() if one.is_dir)
        if taken:
            self.findings.append(f"{service} is left as it is in etcd, for {', '.join(taken)} is somebody else's")
            return
        self.changes += self._list_changes(wanted, there=there, folders=folders, owned=owned)

    def _is_free(self, folder: str) -> bool:
        """Whether a directory that is nobody's holds nothing: a sync that was cut off leaves such a one."""
        return self.trees.keys[folder].is_dir and not any(self._below(folder))

    def _below(self, folder: str) -> Iterator[tuple[str, StoredKey]]:
        return ((key, one) for key, one in self.trees.keys.items() if key.startswith(f"{folder}/"))

    def _list_changes(
        self, wanted: Mapping[str, str], *, there: Mapping[str, StoredKey], folders: set[str], owned: set[str]
    ) -> Iterator[TreeChange]:
        for folder in sorted(folders - owned):
            yield TreeChange(key=f"{folder}/{_MARK}", before=None, after=_MARK_VALUE)
        for key, value in sorted(wanted.items()):
            before = there.get(key)
            # A key that is to expire was left by a sidekick, and would go though its instance serves.
            if before is None or before.content != value.encode() or before.ttl_s is not None:
                yield TreeChange(key=key, before=before, after=value)
        for key in sorted(there.keys() - wanted.keys()):
            yield TreeChange(key=key, before=there[key], after=None)
        # A directory without instances would be a server without upstreams to a proxy, so it goes as well.
        for folder in sorted(owned - folders):
            yield TreeChange(key=f"{folder}/{_MARK}", before=self.trees.marks[folder], after=None)
            yield TreeChange(key=folder, before=self.trees.keys[folder], after=None)


def _service_of(folder: str) -> str:
    return folder.rpartition("/")[2]


def _serves(judged: JudgedInstance, places: set[tuple[str, bytes | None]]) -> bool:
    """Whether an instance is to have a key: it is healthy, or nobody knows and it has one."""
    if judged.health is not Health.UNKNOWN:
        return judged.health is Health.HEALTHY
    ((key, value),) = render_service_keys([judged.instance]).items()
    return (key.rpartition("/")[0], value.encode()) in places
