"""An audit as events of the Open Cybersecurity Schema Framework: a Compliance Finding (class 2003) for each result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleetkit.checks import CheckResult, ResultState, Verdict, WaiverFact, WaiverFinding
from fleetkit.core import parse_utc
from fleetkit.views.audited import WAIVER_RULES, AuditTold, find_help, name_findings

if TYPE_CHECKING:
    from fleetkit.views._ocsf_events import ToldFinding

__all__ = ["render_ocsf"]


def render_ocsf(audit: AuditTold) -> str:
    """Return an audit as a JSON array of Compliance Findings; what passed is told as well."""
    # The schema's models are many, and nobody else needs them.
    from fleetkit.views._ocsf_events import make_event

    told = [_tell_result(name, one, audit) for name, one in name_findings(audit.cluster, audit.results)]
    told += [_tell_waiver(one, audit) for one in audit.waivers]
    events = [make_event(one, at=parse_utc(audit.at)) for one in told]
    plain = [one.model_dump(mode="json", exclude_none=True) for one in events]
    return json.dumps(plain, indent=2, ensure_ascii=False)


def _tell_result(name: str, result: CheckResult, audit: AuditTold) -> ToldFinding:
    from fleetkit.views._ocsf_events import ToldFinding

    check, judgement, waiver = result.check, result.judgement, result.waiver
    resource = {
        "name": judgement.resource,
        "uid": judgement.resource_id or judgement.resource,
        "type": str(check.area),
        "data": dict(judgement.evidence),
    }
    return ToldFinding(
        uid=name,
        code=check.id,
        title=check.title,
        area=str(check.area),
        why=check.why,
        mend=check.mend,
        message=f"{judgement.resource}: {judgement.reason}",
        severity=check.severity,
        verdict=judgement.verdict,
        state=result.state,
        resource={**resource, **_tell_where(audit)},
        unmapped={"state": str(result.state), **({} if waiver is None else {"waiver": _tell_fields(waiver)})},
        references=check.references,
        address=find_help(check),
    )


def _tell_waiver(finding: WaiverFinding, audit: AuditTold) -> ToldFinding:
    from fleetkit.views._ocsf_events import ToldFinding

    waiver = finding.waiver
    resource = {"name": waiver.resource, "uid": f"{waiver.check}/{waiver.resource}", "type": "waiver"}
    return ToldFinding(
        uid=f"{audit.cluster}/waiver-{finding.flaw}/{waiver.check}/{waiver.resource}",
        code=f"waiver-{finding.flaw}",
        title=WAIVER_RULES[finding.flaw],
        area="waivers",
        why="What is left out by decision is decided again when its day has come or its cause is gone.",
        mend="Renew the waiver in the cluster file with a new date, mend it, or drop it.",
        message=f"waiver of {waiver.check} for {waiver.resource}: {finding.reason}",
        severity=finding.severity,
        verdict=Verdict.FAILED,
        state=ResultState.FAILED,
        resource={**resource, **_tell_where(audit)},
        unmapped={"state": str(finding.flaw), "waiver": _tell_fields(waiver)},
    )


def _tell_where(audit: AuditTold) -> dict[str, str]:
    return {"namespace": audit.cluster, **({"region": audit.region} if audit.region else {})}


def _tell_fields(waiver: WaiverFact) -> dict[str, str]:
    names = {"check": waiver.check, "resource": waiver.resource}
    return {**names, "reason": waiver.reason, "who": waiver.who, "until": str(waiver.until)}
