"""An audit as SARIF 2.1.0, which code scanning and viewers of findings read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleetkit.checks import Check, CheckResult, Severity, Verdict, WaiverFact, WaiverFinding
from fleetkit.views.audited import WAIVER_RULES, AuditTold, find_help, fingerprint, name_findings

__all__ = ["render_sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# In the middle of the spans that GitHub's code scanning calls by these words: over 9, over 7, over 4, the rest.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
# "open": evaluated, and not enough was known to decide (3.27.9); whatever does not fail has the level "none" (3.27.10).
_KINDS = {Verdict.FAILED: "fail", Verdict.UNKNOWN: "open", Verdict.PASSED: "pass"}


def render_sarif(audit: AuditTold) -> str:
    """Return an audit as a SARIF log.

    Each result points to the cluster file, where what is demanded is mended or waived, and names its resource.
    """
    checks = {one.check.id: one.check for one in audit.results}
    flaws = {str(one.flaw): one for one in audit.waivers}
    rules = [*map(_tell_rule, checks.values()), *map(_tell_waiver_rule, flaws.values())]
    places = {rule["id"]: place for place, rule in enumerate(rules)}
    results = [_tell_result(name, one, audit) for name, one in name_findings(audit.cluster, audit.results)]
    results += [_tell_waiver(one, audit) for one in audit.waivers]
    run = {
        "tool": {"driver": {"name": "fleetkit", "version": _version(), "rules": rules}},
        # What stands before the last slash is the category by which GitHub keeps clusters apart.
        "automationDetails": {"id": f"fleetkit-audit/{audit.cluster}/{audit.at}"},
        "invocations": [_tell_invocation(audit, places)],
        "results": [{**one, "ruleIndex": places[one["ruleId"]]} for one in results],
        "properties": {"cluster": audit.cluster, "region": audit.region, "summary": audit.summary},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False, default=str)


def _version() -> str:
    from fleetkit import __version__

    return __version__


def _tell_rule(check: Check) -> dict[str, Any]:
    address = find_help(check)
    references = "".join(f"\n- {one}" for one in check.references)
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.why},
        "help": {
            "text": f"{check.mend}\nReferences:{references}",
            "markdown": f"**How to mend it**: {check.mend}\n\n**References**\n{references}",
        },
        **({"helpUri": address} if address is not None else {}),
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {
            "number": check.number,
            "permissions": list(check.permissions),
            "security-severity": _SCORES[check.severity],
            "tags": ["security", str(check.area)],
        },
    }


def _tell_waiver_rule(finding: WaiverFinding) -> dict[str, Any]:
    return {
        "id": f"waiver-{finding.flaw}",
        "shortDescription": {"text": WAIVER_RULES[finding.flaw]},
        "help": {"text": "Decide again: renew the waiver in the cluster file with a new date, mend it, or drop it."},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"security-severity": _SCORES[finding.severity], "tags": ["security", "waivers"]},
    }


def _tell_result(name: str, result: CheckResult, audit: AuditTold) -> dict[str, Any]:
    judgement, fails = result.judgement, result.judgement.verdict is Verdict.FAILED
    waiver = result.waiver
    return {
        "ruleId": result.check.id,
        "kind": _KINDS[judgement.verdict],
        "level": _LEVELS[result.check.severity] if fails else "none",
        "message": {"text": f"{judgement.resource}: {judgement.reason}"},
        **_tell_place(name, judgement.resource, audit),
        # Each result of a run has the list, or none has: what is not in it was not suppressed (3.27.23).
        "suppressions": [] if waiver is None else [_tell_suppression(waiver)],
        "properties": {
            "state": str(result.state),
            "severity": str(result.check.severity),
            "resourceId": judgement.resource_id,
            "evidence": dict(judgement.evidence),
        },
    }


def _tell_waiver(finding: WaiverFinding, audit: AuditTold) -> dict[str, Any]:
    waiver = finding.waiver
    name = f"{audit.cluster}/waiver-{finding.flaw}/{waiver.check}/{waiver.resource}"
    return {
        "ruleId": f"waiver-{finding.flaw}",
        "kind": "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": f"waiver of {waiver.check} for {waiver.resource}: {finding.reason}"},
        **_tell_place(name, waiver.resource, audit),
        "suppressions": [],
        "properties": {"state": str(finding.flaw), "severity": str(finding.severity), **_tell_fields(waiver)},
    }


def _tell_place(name: str, resource: str, audit: AuditTold) -> dict[str, Any]:
    logical = {"name": resource, "fullyQualifiedName": name, "kind": "resource"}
    physical = {"artifactLocation": {"uri": f"clusters/{audit.cluster}.toml"}, "region": {"startLine": 1}}
    mark = fingerprint(name)
    # All point to one line, by whose text GitHub would take two findings of a rule for one if it were not told better.
    marks = {"finding/v1": mark, "primaryLocationLineHash": mark}
    return {
        "locations": [{"physicalLocation": physical, "logicalLocations": [logical]}],
        "partialFingerprints": marks,
    }


def _tell_suppression(waiver: WaiverFact) -> dict[str, Any]:
    words = f"{waiver.reason} (until {waiver.until}, by {waiver.who})"
    return {"kind": "external", "status": "accepted", "justification": words, "properties": _tell_fields(waiver)}


def _tell_fields(waiver: WaiverFact) -> dict[str, str]:
    names = {"check": waiver.check, "resource": waiver.resource}
    return {**names, "reason": waiver.reason, "who": waiver.who, "until": str(waiver.until)}


def _tell_invocation(audit: AuditTold, places: Mapping[str, int]) -> dict[str, Any]:
    """Return how the audit went; what nobody could tell is a failure of the tool's run, and no result of its own."""
    unknown = [one for one in audit.results if one.judgement.verdict is Verdict.UNKNOWN and one.waiver is None]
    notices = [
        {
            "level": "error",
            "message": {"text": f"{one.check.id} could not tell of {one.judgement.resource}: {one.judgement.reason}"},
            "associatedRule": {"id": one.check.id, "index": places[one.check.id]},
        }
        for one in unknown
    ]
    return {
        "executionSuccessful": audit.outcome != "failed",
        "endTimeUtc": audit.at,
        "toolExecutionNotifications": notices,
        "properties": {"calls": audit.cost},
    }
