"""The page of an audit opens anywhere: one file that asks for nothing, and takes no name for markup."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from support.told_audits import make_empty_audit, make_mixed_audit

from fleetkit.checks import Severity
from fleetkit.views import AuditChanges, AuditFormat, PointOfAudit, draw_audit_trend, render_audit

POINTS = [
    PointOfAudit(at=f"2026-03-{day:02}T04:05:07Z", counts={Severity.HIGH: day, Severity.LOW: 1}) for day in (1, 2)
]
CHANGES = AuditChanges(
    summary="since the audit of yesterday: 1 new",
    rows=[("new", "failed", "high", "ssh-open-to-world", "<i>", "why")],
    points=POINTS,
)
VOID = {"br", "link", "meta", "hr", "img"}


class Balance(HTMLParser):
    """Fails where an element is closed that is not the one open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(changes: AuditChanges | None = CHANGES) -> str:
    return render_audit(make_mixed_audit(), AuditFormat.HTML, changes=changes)


def test_it_is_one_file_without_script_or_request() -> None:
    text = page()
    reader = Balance()
    reader.feed(text)
    assert reader.open == []
    assert not reader.seen & {"script", "iframe", "form", "object", "embed", "img"}
    assert "default-src 'none'" in text
    assert re.findall(r"""(?:src|href)=["'](?!data:|#|https://)[^"']*""", text) == []
    assert re.findall(r"@import|url\((?!#)", text) == []


def test_names_out_of_aws_are_no_markup() -> None:
    text = page()
    assert "<b>&" not in text
    assert "&lt;b&gt;&amp;" in text
    assert "&lt;i&gt;" in text


def test_it_tells_what_failed_with_why_mending_references_and_facts() -> None:
    text = page()
    assert "Nobody could tell of something: that is no pass." in text
    assert text.index("Not met: etcd&#x27;s ports answer") < text.index("Not met: SSH is not open to the world</h3>")
    assert "Whoever etcd trusts is root on every machine" in text
    assert 'href="https://etcd.io/docs/v3.5/op-guide/security/"' in text
    assert "show</summary><pre" in text
    assert "ec2:DescribeVolumes" in text
    assert "decided</td>" in text
    assert "! expired" in text
    assert "All 7 results, of which 1 passed" in text


def test_what_changed_and_the_trend_are_told_where_there_is_history() -> None:
    assert "since the audit of yesterday: 1 new" in page()
    assert page().count("<svg") == 2
    assert "Since the last audit" not in page(None)
    assert page(None).count("<svg") == 1


def test_an_audit_without_results_is_told_as_that() -> None:
    text = render_audit(make_empty_audit(), AuditFormat.HTML)
    assert "Nothing is amiss." in text
    assert "Nothing is waived." in text


def test_a_flawed_waiver_alone_is_something_to_be_looked_at() -> None:
    audit = replace(make_empty_audit(), waivers=make_mixed_audit().waivers[:1])
    text = render_audit(audit, AuditFormat.HTML)
    assert "Waivers to be looked at" in text
    assert "Nothing is amiss." not in text


def test_what_does_not_count_for_the_outcome_is_told() -> None:
    text = render_audit(make_mixed_audit(fail_on=Severity.HIGH), AuditFormat.HTML)
    assert "what weighs less than high does not count for the outcome" in text
    assert "weighs less" not in page()


def test_the_trend_is_one_picture_and_says_what_it_leaves_out() -> None:
    assert draw_audit_trend([]).count("nothing to show yet") == 1
    assert "Findings of each audit, by severity<" in draw_audit_trend(POINTS).replace("\n", "")
    many = [PointOfAudit(at=f"2026-{one // 28 + 1:02}-{one % 28 + 1:02}T00:00:00Z", counts={}) for one in range(40)]
    assert "the last 30 of 40" in draw_audit_trend(many)
    assert "the last" not in draw_audit_trend(many, most=40)
    assert draw_audit_trend(many * 10, most=400).count("<path") < draw_audit_trend(many, most=40).count("<path")


def test_as_csv_each_result_and_flawed_waiver_has_a_line() -> None:
    lines = render_audit(make_mixed_audit(), AuditFormat.CSV).splitlines()
    assert lines[0] == "state,severity,check,resource,reason"
    assert len(lines) == 11


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_in_csv_no_name_is_a_formula(sign: str) -> None:
    audit = make_mixed_audit()
    first = audit.results[0]
    named = replace(first, judgement=replace(first.judgement, resource=f"{sign}HYPERLINK(1)\r"))
    text = render_audit(replace(audit, results=(named,), waivers=()), AuditFormat.CSV)
    (_, (*_, resource, _)) = csv.reader(io.StringIO(text, newline=""))
    assert resource == f"'{sign}HYPERLINK(1) "
