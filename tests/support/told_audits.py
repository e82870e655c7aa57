"""One audit with all that can befall a result, for tests of the forms in which it is told."""

from __future__ import annotations

from dataclasses import replace

from support.audits import make_audit, make_flawed, make_result, make_waiver

from fleetkit.checks import CheckResult, Judgement, Severity, Verdict, WaiverFlaw, find_check
from fleetkit.workflows import Audit

STRANGE_NAME = "<b>&\"ba]]>stion'\x01\x1b é"
"""What a tag of AWS may hold, and what markup takes for its own."""


def make_mixed_audit(*, fail_on: Severity = Severity.LOW) -> Audit:
    """Return an audit that failed, passed, was waived and could not tell, with flawed waivers of each kind."""
    audit = make_audit(
        {
            ("ssh-open-to-world", STRANGE_NAME): "failed",
            ("ssh-open-to-world", "master"): "passed",
            ("etcd-ports-open", "master"): "failed",
            ("security-group-unused", "old"): "waived",
            ("volume-encrypted", "demo"): "unknown",
        },
        make_flawed("vpc-flow-logs"),
        make_flawed("ssh-open-to-world", "bastion", flaw=WaiverFlaw.UNMATCHED, reason="nothing fails"),
        make_flawed("no-such-check", "*", flaw=WaiverFlaw.STRANGE, reason="there is no such check"),
        fail_on=fail_on,
    )
    again = make_result("etcd-ports-open", "master", "failed", reason="it lets others in")
    results = (*audit.results[:3], again, *audit.results[3:], make_waived_unknown())
    return replace(audit, results=results, region="us-west-2")


def make_waived_unknown() -> CheckResult:
    """Return what nobody could tell, and a waiver of the whole check excuses."""
    judgement = Judgement(resource="demo", verdict=Verdict.UNKNOWN, reason="AWS refused it")
    return CheckResult(check=find_check("vpc-flow-logs"), judgement=judgement, waiver=make_waiver("vpc-flow-logs", "*"))


def make_empty_audit() -> Audit:
    """Return an audit without a single result."""
    return make_audit({})
