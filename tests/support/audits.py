"""Audits of given results, and the records that tell of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.runs_records import write_events, write_record

from fleetkit.checks import (
    CheckResult,
    Judgement,
    Severity,
    Verdict,
    WaiverFact,
    WaiverFinding,
    WaiverFlaw,
    find_check,
)
from fleetkit.runs import EventKind
from fleetkit.workflows import Audit

Stood = Mapping[tuple[str, str], str]
"""Check and resource to how it stands: ``passed failed unknown waived``."""


def make_waiver(check: str, resource: str, *, reason: str = "decided", until: str = "2026-12-01") -> WaiverFact:
    return WaiverFact(check=check, resource=resource, reason=reason, who="ada", until=dt.date.fromisoformat(until))


def make_flawed(
    check: str, resource: str = "*", *, flaw: WaiverFlaw = WaiverFlaw.EXPIRED, reason: str = "it ended"
) -> WaiverFinding:
    return WaiverFinding(waiver=make_waiver(check, resource), flaw=flaw, reason=reason)


def make_result(check: str, resource: str, state: str, *, reason: str = "", **seen: Any) -> CheckResult:
    verdict = Verdict.FAILED if state == "waived" else Verdict(state)
    judgement = Judgement(
        resource=resource, verdict=verdict, reason=reason or f"it is {verdict}", resource_id=f"id-{resource}",
        evidence=seen or {"seen": resource},
    )  # fmt: skip
    waiver = make_waiver(check, resource) if state == "waived" else None
    return CheckResult(check=find_check(check), judgement=judgement, waiver=waiver)


def make_audit(stood: Stood, *waivers: WaiverFinding, day: int = 1, fail_on: Severity = Severity.LOW) -> Audit:
    """Return an audit of the cluster ``demo`` on a day of March."""
    return Audit(
        cluster="demo",
        at=f"2026-03-{day:02}T04:05:07Z",
        results=tuple(make_result(*key, state) for key, state in stood.items()),
        waivers=waivers,
        fail_on=fail_on,
        calls={"ec2:DescribeSecurityGroups": 1},
        budget=500,
    )


def write_audit(runs: Path, audit: Audit) -> Path:
    """Write the record of a run that audited, on the audit's day; return its folder."""
    folder = write_record(runs, day=int(audit.at[8:10]), notebook="50-audit-cluster")
    return write_events(folder, (EventKind.FACT, {"about": "audit", **audit.to_json()}))
