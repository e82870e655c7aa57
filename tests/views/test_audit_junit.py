"""JUnit's XML is read back by its own library and by any parser of XML, whatever a resource is called."""

from __future__ import annotations

from xml.parsers import expat

from junitparser import Error, Failure, JUnitXml, Skipped
from support.told_audits import make_empty_audit, make_mixed_audit

from fleetkit.views import AuditFormat, render_audit


def report() -> JUnitXml:
    return JUnitXml.fromstring(render_audit(make_mixed_audit(), AuditFormat.JUNIT).encode())


def test_areas_are_suites_and_failures_errors_and_skips_are_counted() -> None:
    read = report()
    assert [suite.name for suite in read] == ["network", "compute", "waivers"]
    assert (read.tests, read.failures, read.errors, read.skipped) == (10, 6, 1, 2)
    assert [suite.timestamp for suite in read] == ["2026-03-01T04:05:07"] * 3


def test_each_case_says_what_happened_why_and_how_it_is_mended() -> None:
    cases = {(case.classname, case.name): case for suite in report() for case in suite}
    (failure,) = cases["demo.etcd-ports-open", "master"].result
    assert isinstance(failure, Failure)
    assert failure.type == "critical"
    assert "Mend: fleetkit deploy" in failure.text
    assert 'Evidence: {"seen": "master"}' in failure.text
    (error,) = cases["demo.volume-encrypted", "demo"].result
    assert isinstance(error, Error)
    (skipped,) = cases["demo.security-group-unused", "old"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "it is failed; waived until 2026-12-01 by ada: decided"
    assert cases["demo.ssh-open-to-world", "master"].result == []
    (flawed,) = cases["demo.waiver-expired", "vpc-flow-logs *"].result
    assert (flawed.message, flawed.type) == ("it ended", "low")


def test_a_name_with_signs_that_xml_cannot_write_does_not_break_it() -> None:
    names: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda element, told: names.append(told["name"]) if element == "testcase" else None
    parser.Parse(render_audit(make_mixed_audit(), AuditFormat.JUNIT), True)
    assert names[0] == "<b>&\"ba]]>stion'\ufffd\ufffd é"


def test_an_audit_without_results_is_an_empty_report() -> None:
    text = render_audit(make_empty_audit(), AuditFormat.JUNIT)
    read = JUnitXml.fromstring(text.encode())
    assert (list(read), read.tests) == ([], 0)
