"""Audit: judge a cluster by the checks of the catalogue, hold waivers against what they say, and keep the evidence.

Changes nothing. What could not be read is told as unknown, and makes the audit a failed one: it is never a pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.checks import (
    Check,
    CheckResult,
    ResultState,
    Severity,
    WaiverFact,
    WaiverFinding,
    find_check,
    judge_waivers,
    load_checks,
    run_checks,
)
from fleetkit.core import SettingsError, format_utc
from fleetkit.runs import EventKind
from fleetkit.views import audit_frame, audit_html, audit_rows
from fleetkit.workflows._audit_budget import reckon_audit_budget
from fleetkit.workflows._audit_reading import read_facts
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.audit_parts import AuditPart, show_evidence, show_findings, show_overview, show_waivers

__all__ = ["Audit", "audit_cluster", "choose_checks"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Audit(Shown):
    """What an audit found.

    Attributes
    ----------
    cluster, at
        Of which cluster, and when, in UTC.
    region
        Where the cluster is; empty where that is not told.
    results
        One for each check and resource, in the order of the catalogue.
    waivers
        Waivers that are themselves to be looked at.
    fail_on
        The least severity that makes the audit end with findings, or fail where nobody could tell.
    calls
        Each action of AWS to how often it was asked.
    budget
        How often AWS was to be asked at the most, all actions together.
    """

    cluster: str
    at: str
    results: tuple[CheckResult, ...]
    waivers: tuple[WaiverFinding, ...] = ()
    fail_on: Severity = Severity.LOW
    calls: Mapping[str, int]
    budget: int
    region: str = ""

    @property
    def outcome(self) -> str:
        """``failed`` when something that counts is unknown, ``findings`` when something is amiss, else ``done``."""
        counting = [one for one in self.results if one.check.severity.is_at_least(self.fail_on)]
        if any(one.state is ResultState.UNKNOWN for one in counting):
            return "failed"
        amiss = any(one.state is ResultState.FAILED for one in counting)
        return "findings" if amiss or any(one.severity.is_at_least(self.fail_on) for one in self.waivers) else "done"

    @property
    def counts(self) -> dict[str, int]:
        """How many results stand in which way."""
        counted = Counter(one.state for one in self.results)
        return {str(state): counted[state] for state in ResultState}

    @property
    def summary(self) -> str:
        """One sentence."""
        checks = len({one.check.id for one in self.results})
        told = ", ".join(f"{count} {state}" for state, count in self.counts.items() if count)
        flaws = len(self.waivers)
        flawed = f"; {flaws} waiver{'s' * (flaws > 1)} to look at" if flaws else ""
        return f"{_count_checks(checks)} of {self.cluster}: {told}{flawed}{self._why_unknown}"

    @property
    def _why_unknown(self) -> str:
        """Why nobody could tell of the weightiest: all that a sweep, a notice or a list of schedules shows of it."""
        unknown = [one for one in self.results if one.state is ResultState.UNKNOWN]
        if not unknown:
            return ""
        first = min(unknown, key=lambda one: list(Severity).index(one.check.severity))
        rest = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        return f"; unknown is {first.check.id}, since {first.judgement.reason}{rest}"

    @property
    def cost(self) -> str:
        """What it asked of AWS."""
        return f"{sum(self.calls.values())} calls to AWS, of {self.budget} that it might have made"

    @property
    def overview(self) -> AuditPart:
        """All of it at a glance."""
        return show_overview(self)

    @property
    def findings(self) -> AuditPart:
        """What is to be looked at, and how it is mended."""
        return show_findings(self)

    @property
    def excused(self) -> AuditPart:
        """What the cluster file excuses."""
        return show_waivers(self)

    @property
    def evidence(self) -> AuditPart:
        """Each result, with the facts that it was read from."""
        return show_evidence(self)

    def __str__(self) -> str:
        table = audit_frame(self.results, self.waivers)
        return "\n".join([self.summary, table.to_string(index=False) if len(table) else "", self.cost])

    def _repr_html_(self) -> str:
        return audit_html(self.results, self.waivers, summary=self.summary, cost=self.cost)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "cluster": self.cluster,
            "region": self.region,
            "at": self.at,
            "outcome": self.outcome,
            "summary": self.summary,
            "fail_on": str(self.fail_on),
            "counts": self.counts,
            "results": audit_rows(self.results),
            "waivers": [
                {
                    "check": one.waiver.check,
                    "resource": one.waiver.resource,
                    "flaw": str(one.flaw),
                    "severity": str(one.severity),
                    "reason": one.reason,
                    "until": str(one.waiver.until),
                    "who": one.waiver.who,
                }
                for one in self.waivers
            ],
            "calls": dict(self.calls),
            "budget": self.budget,
        }


def choose_checks(names: Sequence[str] | str) -> tuple[Check, ...]:
    """Return the checks that are named, in the order of the catalogue; all of them where none is.

    Parameters
    ----------
    names
        One by one, or in one text with commas between them.

    Raises
    ------
    NotFoundError
        When one is not there; names those that are.
    """
    listed = [one.strip() for one in names.split(",") if one.strip()] if isinstance(names, str) else names
    wanted = {find_check(name).id for name in listed}
    return tuple(one for one in load_checks() if not wanted or one.id in wanted)


def audit_cluster(
    workspace: Workspace,
    *,
    checks: Sequence[str] | str = (),
    fail_on: Severity | str = Severity.LOW,
    budget: int | None = None,
    report: Reporter | None = None,
) -> Audit:
    """Judge a cluster by checks; changes nothing.

    Parameters
    ----------
    checks
        Names of checks, one by one or with commas between them; all where empty.
    fail_on
        The least severity that counts for the outcome: ``critical``, ``high``, ``medium`` or ``low``.
    budget
        The most calls that are made of AWS; what is not known then is told as unknown. Where not given, it is reckoned
        from the cluster file (`reckon_audit_budget`).

    Raises
    ------
    NotFoundError
        When there is no such check.
    SettingsError
        When ``fail_on`` is no severity.
    """
    told, least, chosen = report or Reporter(), _parse_severity(fail_on), choose_checks(checks)
    told.note(f"reading facts for {_count_checks(len(chosen))} of {workspace.cluster.name}")
    most = reckon_audit_budget(workspace.cluster) if budget is None else budget
    with workspace.session.counting(limit=most) as calls:
        facts = read_facts(workspace, {name for one in chosen for name in one.facts}, note=told.note)
    # Who asks for some checks is told of their waivers alone.
    names = {one.id for one in chosen} if checks else None
    waivers = [WaiverFact(**one.model_dump()) for one in workspace.cluster.waivers if not names or one.check in names]
    results = run_checks(chosen, facts, waivers=waivers)
    audit = Audit(
        cluster=workspace.cluster.name,
        region=facts.cluster.region,
        at=format_utc(facts.cluster.now),
        results=results,
        waivers=judge_waivers(
            waivers, results, known=[one.id for one in load_checks()], today=facts.cluster.now.date()
        ),
        fail_on=least,
        calls=calls.made,
        budget=most,
    )
    told.record(EventKind.FACT, {"about": "audit", **audit.to_json()})
    return audit


def _parse_severity(text: Severity | str) -> Severity:
    try:
        return Severity(text)
    except ValueError:
        raise SettingsError(f"{text!r} is no severity", hint=f"legal: {', '.join(Severity)}") from None


def _count_checks(count: int) -> str:
    return f"{count} check{'s' * (count != 1)}"
