"""An audit as a JUnit report, which every build server shows: an area is a suite, a resource before a check a case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fleetkit.checks import Area, CheckResult, ResultState, WaiverFinding
from fleetkit.views.audited import AuditTold

if TYPE_CHECKING:
    from junitparser import TestCase, TestSuite

__all__ = ["render_junit"]

# XML has no way to write these: https://www.w3.org/TR/xml/#charsets
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(audit: AuditTold) -> str:
    """Return an audit as JUnit's XML: what fails is a failure, what nobody could tell an error, a waiver a skip."""
    from junitparser import JUnitXml

    report = JUnitXml(f"fleetkit audit of {_clean(audit.cluster)}")
    for area in Area:
        found = [one for one in audit.results if one.check.area is area]
        if found:
            report.add_testsuite(_make_suite(str(area), audit, [_make_case(one, audit.cluster) for one in found]))
    if audit.waivers:
        cases = [_make_waiver_case(one, audit.cluster) for one in audit.waivers]
        report.add_testsuite(_make_suite("waivers", audit, cases))
    report.update_statistics()  # type: ignore[no-untyped-call]  # it has no types here, and in the next line
    text: str = report.tostring().decode()  # type: ignore[no-untyped-call]
    return '<?xml version="1.0" encoding="utf-8"?>\n' + text


def _make_suite(name: str, audit: AuditTold, cases: Iterable[TestCase]) -> TestSuite:
    from junitparser import TestSuite

    suite = TestSuite(name)
    # Without a zone, as the schema has it; it is UTC.
    suite.timestamp = audit.at.removesuffix("Z")
    suite.add_property("cluster", _clean(audit.cluster))
    suite.add_property("region", _clean(audit.region))
    suite.add_testcases(list(cases))
    return suite


def _make_case(result: CheckResult, cluster: str) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase

    check, judgement, waiver = result.check, result.judgement, result.waiver
    case = TestCase(_clean(judgement.resource), classname=f"{_clean(cluster)}.{check.id}")
    severity, reason = str(check.severity), _clean(judgement.reason)
    if result.state is ResultState.FAILED:
        case.result = [Failure(reason, severity)]
    elif result.state is ResultState.UNKNOWN:
        case.result = [Error(reason, "unknown")]
    elif waiver is not None:
        words = f"{judgement.reason}; waived until {waiver.until} by {waiver.who}: {waiver.reason}"
        case.result = [Skipped(_clean(words), "waived")]
    for one in case.result:
        evidence = json.dumps(dict(judgement.evidence), ensure_ascii=False, sort_keys=True, default=str)
        lines = [check.title, f"Why: {check.why}", f"Mend: {check.mend}", *_list_references(check.references)]
        one.text = _clean("\n".join([*lines, f"Id: {judgement.resource_id}", f"Evidence: {evidence}"]))
    return case


def _list_references(references: Sequence[str]) -> list[str]:
    return [f"Reference: {one}" for one in references]


def _make_waiver_case(finding: WaiverFinding, cluster: str) -> TestCase:
    from junitparser import Failure, TestCase

    waiver = finding.waiver
    case = TestCase(_clean(f"{waiver.check} {waiver.resource}"), classname=f"{_clean(cluster)}.waiver-{finding.flaw}")
    failure = Failure(_clean(finding.reason), str(finding.severity))
    failure.text = _clean(f"{waiver.reason} (until {waiver.until}, by {waiver.who})")
    case.result = [failure]
    return case


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
