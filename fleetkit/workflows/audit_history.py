"""What earlier runs found when they audited a cluster, and what has become of it since.

Records alone are read, nothing of AWS: whoever keeps them can tell what was amiss when, and for how long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, overload

from fleetkit.checks import Area, ResultState, Severity, WaiverFlaw
from fleetkit.core import FleetkitError, format_utc, parse_utc
from fleetkit.runs import StoredRun, list_runs
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._told_facts import tell_runs

__all__ = ["PastAudit", "PastAudits", "PastFinding", "read_past_audits"]

_AMISS = (ResultState.FAILED, ResultState.UNKNOWN)
_MOST_AUDITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PastFinding:
    """Something that an audit wanted looked at.

    Attributes
    ----------
    check, resource
        What was judged; of a flawed waiver, what it speaks of.
    severity
        How much it weighs.
    area
        What the check is about; None for a waiver of a check that was not judged with it.
    state
        ``failed`` or ``unknown``; for a flawed waiver ``expired``, ``unmatched`` or ``strange``.
    reason
        Why, in a clause.
    """

    check: str
    resource: str
    severity: Severity
    area: Area | None
    state: ResultState | WaiverFlaw
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        """By which it is known again in a later audit; the reason may change meanwhile."""
        return self.check, self.resource, str(self.state)

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """The cells of its line in a table: ``state severity check resource reason``."""
        return str(self.state), str(self.severity), self.check, self.resource, self.reason


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PastAudit(Shown):
    """What an audit found, as its record tells it.

    Attributes
    ----------
    cluster, at
        Of which cluster, and when.
    outcome, fail_on
        ``done``, ``findings`` or ``failed``, and the least severity that counted for that.
    summary
        One sentence.
    counts
        How many results stood in which way.
    findings
        What failed or was unknown, and flawed waivers, in the order of the record.
    stood
        Check, resource and state of each result, of what passed or was waived too.
    run
        The record that tells it; None for an audit that is being made.
    """

    cluster: str
    at: dt.datetime
    outcome: str
    fail_on: Severity
    summary: str
    counts: Mapping[str, int]
    findings: tuple[PastFinding, ...]
    stood: frozenset[tuple[str, str, str]]
    run: StoredRun | None = None

    @property
    def checks(self) -> frozenset[str]:
        """Names of the checks that were judged by."""
        return frozenset(check for check, _, _ in self.stood)

    def __str__(self) -> str:
        return "\n".join([f"{format_utc(self.at)}: {self.summary}", *(" ".join(one.row) for one in self.findings)])

    def count(self, severity: Severity) -> int:
        """Return how many findings weigh so."""
        return sum(one.severity is severity for one in self.findings)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any], *, where: str, run: StoredRun | None = None) -> PastAudit:
        """Read what `Audit.to_json` wrote.

        Raises
        ------
        FleetkitError
            When it is not that.
        """
        try:
            results = facts["results"]
            areas = {str(one["check"]): Area(one["area"]) for one in results}
            failing = (_read_result(one) for one in results if ResultState(one["state"]) in _AMISS)
            return cls(
                cluster=str(facts["cluster"]),
                at=parse_utc(facts["at"]),
                outcome=str(facts["outcome"]),
                fail_on=Severity(facts["fail_on"]),
                summary=str(facts["summary"]),
                counts={str(name): int(count) for name, count in facts["counts"].items()},
                findings=(*failing, *(_read_waiver(one, areas) for one in facts["waivers"])),
                stood=frozenset((str(one["check"]), str(one["resource"]), str(one["state"])) for one in results),
                run=run,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FleetkitError(
                f"{where} tells of an audit that cannot be read",
                seen=f"{type(error).__name__}: {error}",
                hint="another version may have written it; the report beside it may still be read",
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PastAudits(Shown, Sequence[PastAudit]):
    """The audits of a cluster that records tell of; a sequence of them, the oldest first.

    Attributes
    ----------
    cluster
        Name of the cluster.
    audits
        The oldest first.
    unread
        What could not be read, and why.
    """

    cluster: str
    audits: tuple[PastAudit, ...]
    unread: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.audits)

    def __iter__(self) -> Iterator[PastAudit]:
        return iter(self.audits)

    @overload
    def __getitem__(self, index: int) -> PastAudit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[PastAudit, ...]: ...
    def __getitem__(self, index: int | slice) -> PastAudit | tuple[PastAudit, ...]:
        return self.audits[index]

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.audits:
            return f"no record tells of an earlier audit of {self.cluster}"
        first, last = (format_utc(one.at) for one in (self.audits[0], self.audits[-1]))
        if len(self.audits) == 1:
            return f"1 earlier audit of {self.cluster}, of {last}"
        return f"{len(self.audits)} earlier audits of {self.cluster}, from {first} to {last}"

    def __str__(self) -> str:
        return "\n".join([self.summary, *self.unread])

    def _repr_html_(self) -> str:
        return f"<p>{'<br>'.join(map(escape, [self.summary, *self.unread]))}</p>"


def read_past_audits(
    runs: Path,
    *,
    cluster: str,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    most: int | None = _MOST_AUDITS,
) -> PastAudits:
    """Read what earlier runs found when they audited a cluster.

    A record that cannot be read is named, and keeps no other from being read.

    Parameters
    ----------
    runs
        The folder of the records of all clusters; it need not be there.
    since, until
        Only audits of this moment or later, and only those before that one.
    most
        The newest so many; None for all of them.
    """
    stored = list_runs(runs, cluster=cluster)
    unread = [str(error) for error in stored.failed.values()]
    found: list[PastAudit] = []
    for audit in _tell_audits(stored.ok.values(), unread):
        if (since is None or since <= audit.at) and (until is None or audit.at < until):
            found.append(audit)
        if most is not None and len(found) >= most:
            break
    return PastAudits(cluster=cluster, audits=tuple(sorted(found, key=lambda one: one.at)), unread=tuple(unread))


def _tell_audits(stored: Iterable[StoredRun], unread: list[str]) -> Iterator[PastAudit]:
    """Read what runs tell of audits, the newest of each first; what cannot be read is added to the list."""
    for run, told in tell_runs(stored, "audit"):
        if isinstance(told, FleetkitError):
            unread.append(str(told))
            continue
        for _, facts in reversed(told):
            try:
                yield PastAudit.from_facts(facts, where=f"the record {run.record.id}", run=run)
            except FleetkitError as error:
                unread.append(str(error))


def _read_result(told: Mapping[str, Any]) -> PastFinding:
    return PastFinding(
        check=str(told["check"]),
        resource=str(told["resource"]),
        severity=Severity(told["severity"]),
        area=Area(told["area"]),
        state=ResultState(told["state"]),
        reason=str(told["reason"]),
    )


def _read_waiver(told: Mapping[str, Any], areas: Mapping[str, Area]) -> PastFinding:
    check = str(told["check"])
    return PastFinding(
        check=check,
        resource=str(told["resource"]),
        severity=Severity(told["severity"]),
        area=areas.get(check),
        state=WaiverFlaw(told["flaw"]),
        reason=str(told["reason"]),
    )
