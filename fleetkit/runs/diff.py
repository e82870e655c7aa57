"""What is different between two runs, by its meaning: what changed since it last worked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fleetkit.core import format_duration
from fleetkit.runs._comparing import MISSING, compare_values, describe_value, index_items
from fleetkit.runs.digest import RunDigest, read_digest
from fleetkit.runs.record import RunRecord
from fleetkit.runs.store import StoredRun

__all__ = ["Difference", "RunDiff", "diff_runs"]

_TOOK_SHARE, _TOOK_LEAST_S = 0.1, 1.0
"""Two durations differ where the difference is this share of the shorter one, and at least so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was.

    Attributes
    ----------
    topic
        What it belongs to: ``outcome``, ``parameters``, ``versions``, ``plan``, ``members``, ``findings`` and the like.
    name
        Which part of it; empty where the topic has only one.
    before, after
        What the two runs say, in words; ``-`` for nothing.
    """

    topic: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """How a run differs from an earlier one.

    Attributes
    ----------
    before, after
        The two records.
    differences
        In the order of what matters most.
    remarks
        What could not be compared, and why.
    """

    before: StoredRun
    after: StoredRun
    differences: tuple[Difference, ...]
    remarks: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """One sentence about the two runs."""
        before, after = (f"{one.record.id} ({one.record.outcome.value})" for one in (self.before, self.after))
        count = len(self.differences)
        ways = {0: "in nothing that is compared", 1: "in one thing"}.get(count, f"in {count} things")
        return f"{after} differs from {before} {ways}"

    def __str__(self) -> str:
        lines = [f"{self.headline}{':' if self.differences else ''}"]
        for one in self.differences:
            lines.append(f"  {' '.join(filter(None, (one.topic, one.name)))}: {one.before} → {one.after}")
        return "\n".join([*lines, *self.remarks])

    def to_json(self) -> dict[str, Any]:
        """Return the differences as plain values for JSON."""
        return {
            "before": self.before.record.id,
            "after": self.after.record.id,
            "differences": [
                {"topic": one.topic, "name": one.name, "before": one.before, "after": one.after}
                for one in self.differences
            ],
            "remarks": list(self.remarks),
        }


def diff_runs(before: StoredRun, after: StoredRun) -> RunDiff:
    """Compare two runs: how they ended, what they were given, planned, changed, saw and found.

    Notebooks' texts and outputs are not compared; neither are numbers that differ between any two looks.

    Parameters
    ----------
    before
        The run to compare with, such as the last one that worked.
    """
    digests = read_digest(before.folder), read_digest(after.folder)
    differences = [*_of_records(before.record, after.record)]
    remarks = tuple(digest.remark for digest in digests if digest.remark)
    # What one of the two does not tell would look as if it had come or gone.
    if not remarks:
        differences.extend(_of_digests(*digests))
    return RunDiff(before=before, after=after, differences=tuple(differences), remarks=remarks)


def _told(topic: str, before: Any, after: Any, *, name: str = "") -> Iterator[Difference]:
    for found, was, now in compare_values(before, after, name=name):
        yield Difference(topic=topic, name=found, before=describe_value(was), after=describe_value(now))


def _of_records(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    yield from _told("outcome", before.outcome.value, after.outcome.value)
    yield from _told("error", _error_of(before), _error_of(after))
    yield from _told("cluster", before.cluster, after.cluster)
    yield from _told("notebook", before.notebook, after.notebook)
    yield from _told("parameters", before.parameters, after.parameters)
    yield from _told("versions", before.versions, after.versions)
    for name in ("user", "host", "aws"):
        yield from _told("actor", getattr(before.actor, name), getattr(after.actor, name), name=name)
    yield from _told("way", before.way.value, after.way.value)
    if before.took_s is not None and after.took_s is not None:
        least_s = max(_TOOK_LEAST_S, _TOOK_SHARE * min(before.took_s, after.took_s))
        if abs(after.took_s - before.took_s) >= least_s:
            yield from _told("duration", format_duration(before.took_s), format_duration(after.took_s))


def _error_of(record: RunRecord) -> Any:
    error = record.error
    if error is None:
        return MISSING
    said, _, _ = error.message.partition("\n")
    return f"{error.kind} in “{error.title}”: {said}"


def _of_digests(before: RunDigest, after: RunDigest) -> Iterator[Difference]:
    for name in ("operation", "empty", "counts", "alarms"):
        yield from _told("plan", _planned(before, name), _planned(after, name), name="" if name == "counts" else name)
    yield from _told("changes", before.changes, after.changes)
    yield from _findings(before.facts.get("findings", {}), after.facts.get("findings", {}))
    for topic in [*before.facts, *(topic for topic in after.facts if topic not in before.facts)]:
        if topic not in before.facts or topic not in after.facts:
            was, now = ("seen" if topic in digest.facts else "not seen" for digest in (before, after))
            yield Difference(topic=topic, name="", before=was, after=now)
        elif topic != "findings":
            yield from _told(topic, _inner(topic, before), _inner(topic, after))
    yield from _told("verified", before.verified, after.verified)


def _planned(digest: RunDigest, name: str) -> Any:
    value = (digest.plan or {}).get(name, MISSING)
    # A resource that nothing happens to is no part of a plan.
    return {key: count for key, count in value.items() if count} if name == "counts" and value is not MISSING else value


def _inner(topic: str, digest: RunDigest) -> Any:
    """Return a fact without the layer that repeats its name, as ``members`` has one."""
    fact = digest.facts[topic]
    return fact[topic] if set(fact) == {topic} else fact


def _findings(before: Any, after: Any) -> Iterator[Difference]:
    was, now = (index_items(fact.get("findings", ())) for fact in (before, after))
    for name in now:
        if name not in was:
            yield Difference(topic="findings", name=name, before="-", after="new")
    for name in was:
        if name not in now:
            yield Difference(topic="findings", name=name, before="found", after="mended")
