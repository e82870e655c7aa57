"""Results of checks, and the waivers that excuse some of them."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleetkit.checks.check import Check
from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, Severity, Verdict

__all__ = ["CheckResult", "ResultState", "WaiverFact", "WaiverFinding", "WaiverFlaw", "judge_waivers", "run_checks"]

_ALL = "*"


class ResultState(enum.StrEnum):
    """How a resource stands before a check, waivers considered; what is to be looked at first comes first."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverFact:
    """A waiver of the cluster file; ``resource`` is a resource's name, or ``*`` for all that a check looks at."""

    check: str
    resource: str
    reason: str
    who: str
    until: dt.date

    def covers(self, check: str, resource: str) -> bool:
        """Return whether it speaks of a check's judgement of a resource."""
        return self.check == check and self.resource in (_ALL, resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What came of a check for one resource.

    Attributes
    ----------
    check, judgement
        Which, and what it says.
    waiver
        The waiver that excuses it; None where none does.
    """

    check: Check
    judgement: Judgement
    waiver: WaiverFact | None = None

    @property
    def state(self) -> ResultState:
        """How it stands: a waiver excuses a failure, and what nobody could tell where it waives the whole check."""
        if self.waiver is not None:
            return ResultState.WAIVED
        return ResultState(self.judgement.verdict)


class WaiverFlaw(enum.StrEnum):
    """What is wrong with a waiver."""

    EXPIRED = "expired"
    UNMATCHED = "unmatched"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverFinding:
    """A waiver that is itself to be looked at.

    Attributes
    ----------
    waiver
        Which.
    flaw
        What is wrong with it.
    reason
        The same in a clause, with the next step.
    """

    waiver: WaiverFact
    flaw: WaiverFlaw
    reason: str
    severity: Severity = Severity.LOW


def run_checks(checks: Iterable[Check], facts: Facts, *, waivers: Sequence[WaiverFact] = ()) -> tuple[CheckResult, ...]:
    """Judge a cluster by checks; waivers that hold on the day excuse what they name.

    Returns
    -------
    tuple
        In the order of the checks, and of resources by name and id: what has one name keeps its place when its reason
        changes.
    """
    today = facts.cluster.now.date()
    holding = [one for one in waivers if today <= one.until]
    return tuple(
        CheckResult(check=check, judgement=one, waiver=_find_waiver(check, one, holding))
        for check in checks
        for one in sorted(check.apply(facts), key=lambda one: (one.resource, one.resource_id, one.reason))
    )


def judge_waivers(
    waivers: Sequence[WaiverFact], results: Sequence[CheckResult], *, known: Iterable[str], today: dt.date
) -> tuple[WaiverFinding, ...]:
    """Return the waivers that have expired, that excuse nothing any more, or that name no check.

    Parameters
    ----------
    results
        Of the checks that were run; a waiver of a check that was not is passed over.
    known
        Names of all checks there are.
    """
    names, ran = set(known), {one.check.id for one in results}
    found = []
    for waiver in waivers:
        flaw = _find_flaw(waiver, results, names=names, ran=ran, today=today)
        if flaw is not None:
            found.append(WaiverFinding(waiver=waiver, flaw=flaw[0], reason=flaw[1]))
    return tuple(found)


def _find_waiver(check: Check, judgement: Judgement, holding: Sequence[WaiverFact]) -> WaiverFact | None:
    if judgement.verdict is Verdict.PASSED:
        return None
    for one in holding:
        # What could not be read may be any resource: only a waiver of the whole check excuses it.
        if one.covers(check.id, judgement.resource) and (judgement.verdict is Verdict.FAILED or one.resource == _ALL):
            return one
    return None


def _find_flaw(
    waiver: WaiverFact, results: Sequence[CheckResult], *, names: set[str], ran: set[str], today: dt.date
) -> tuple[WaiverFlaw, str] | None:
    if waiver.check not in names:
        return WaiverFlaw.STRANGE, f"there is no check {waiver.check}: fleetkit checks list names them; mend or drop it"
    if waiver.until < today:
        return WaiverFlaw.EXPIRED, f"it ended on {waiver.until}: decide again, and renew it with a new date or drop it"
    if waiver.check not in ran:
        return None
    spoken_of = [one for one in results if waiver.covers(one.check.id, one.judgement.resource)]
    unread = any(one.check.id == waiver.check and one.judgement.verdict is Verdict.UNKNOWN for one in results)
    if unread or any(one.judgement.verdict is Verdict.FAILED for one in spoken_of):
        return None
    return WaiverFlaw.UNMATCHED, "nothing fails any more that it excuses: drop it"
