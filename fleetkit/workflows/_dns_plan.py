"""The plan of a sync of names: which records come, change and go, and what is left as it is and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from fleetkit.aws import PrivateZone, RecordChange, ZoneRecord
from fleetkit.fleet import UnreadService
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan
from fleetkit.workflows._service_trees import TreeChange, TreeDifference
from fleetkit.workflows._shown import list_under
from fleetkit.workflows._zone_difference import ServiceDifference

__all__ = ["DnsSyncPlan", "count_changes", "describe_change"]

_WORDS = {(False, True): "create", (True, True): "change", (True, False): "remove"}
"""Whether there is a record before and after, to what becomes of it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DnsSyncPlan(ChangePlan):
    """What a sync of names would do.

    Attributes
    ----------
    zone
        The private zone.
    asked
        Whose fleet told of the units.
    services
        Each service that has instances or names, and what its names need to be true.
    remove_last
        Whether names go of which no instance is healthy.
    trees
        What etcd's trees for the original's proxies need to be true; None where they are not kept.
    unread
        Units that run and may be instances of a service, whose names are left for that.
    """

    zone: PrivateZone
    asked: str
    services: tuple[ServiceDifference, ...]
    remove_last: bool = False
    trees: TreeDifference | None = None
    unread: tuple[UnreadService, ...] = ()

    @property
    def key_changes(self) -> tuple[TreeChange, ...]:
        """What becomes of keys in etcd's trees."""
        return () if self.trees is None else self.trees.changes

    @property
    def changes(self) -> tuple[RecordChange, ...]:
        """What becomes of all records."""
        return tuple(change for one in self.services for change in one.changes)

    @property
    def findings(self) -> tuple[str, ...]:
        """What is left as it is, and why; one sentence each."""
        of_trees = () if self.trees is None else self.trees.findings
        return (*map(str, self.unread), *(finding for one in self.services for finding in one.findings), *of_trees)

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.SYNC_NAMES

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.key_changes

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which records and keys become what."""
        return {
            "zone": self.zone.zone_id,
            "changes": [describe_change(one) for one in self.changes],
            "keys": [one.facts for one in self.key_changes],
        }

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"the names in {self.zone.name} cannot be synced now"

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        if not self.is_empty:
            keys = f", and {len(self.key_changes)} keys in etcd" if self.key_changes else ""
            return f"This makes the names in {self.zone.name} true: {count_changes(self.changes)}{keys}."
        if self.findings:
            return f"Nothing to change in {self.zone.name}, and not all is well."
        return f"Nothing to change: the names in {self.zone.name} are those of the healthy instances."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what is left, a paragraph each."""
        # Marks come and go with what they mark.
        told = [_tell(one) for one in self.changes if _kind_of(one) != "TXT"]
        marks = len(self.changes) - len(told)
        told += [f"and {marks} TXT records that mark names as ours"] if marks else []
        parts = [list_under("records:", told)] if told else []
        parts += [list_under("keys in etcd:", map(str, self.key_changes))] if self.key_changes else []
        parts += [list_under("services:", [_tell_service(one) for one in self.services])] if self.services else []
        parts += [list_under("left as it is:", self.findings)] if self.findings else []
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of the instances of all services."""
        rows = [
            [escape(text) for text in (one.name, judged.instance.unit, judged.instance.address, judged.health)]
            for one in self.services
            for judged in one.instances
        ]
        return table_html(("service", "unit", "address", "health"), rows, label="instances of services")


def describe_change(change: RecordChange) -> dict[str, Any]:
    """Return what becomes of a record, as JSON has it."""
    before, after = change.before, change.after
    named = after or before
    assert named is not None  # noqa: S101 -- a change is of something
    return {
        "action": _WORDS[before is not None, after is not None],
        "name": named.name,
        "type": named.kind,
        "before": _describe(before),
        "after": _describe(after),
    }


def count_changes(changes: tuple[RecordChange, ...]) -> str:
    """Say how many records come, change and go."""
    counts = Counter(_WORDS[one.before is not None, one.after is not None] for one in changes)
    return ", ".join(f"{counts[word]} to {word}" for word in _WORDS.values())


def _describe(record: ZoneRecord | None) -> dict[str, Any] | None:
    return None if record is None else {"ttl_s": record.ttl_s, "values": list(record.values)}


def _kind_of(change: RecordChange) -> str:
    return str(describe_change(change)["type"])


def _tell(change: RecordChange) -> str:
    told = describe_change(change)
    values = [", ".join(one.values) for one in (change.before, change.after) if one is not None]
    return f"{told['action']} {told['type']} {told['name']}: {' → '.join(values)}"


def _tell_service(service: ServiceDifference) -> str:
    healths = Counter(str(one.health) for one in service.instances)
    told = ", ".join(f"{count} {health}" for health, count in healths.items())
    ill = [f"{one.instance.address or one.instance.unit}: {one.reason}" for one in service.instances if one.reason]
    reasons = f" ({'; '.join(ill)})" if ill else ""
    return f"{service.name}: {told or 'no instance'}{reasons}"
