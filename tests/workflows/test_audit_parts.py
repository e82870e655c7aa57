"""Each part of an audit stands on its own, in words and as markup, and neither takes a name for markup."""

from __future__ import annotations

import re

import pytest
from support.audits import make_audit, make_flawed
from support.told_audits import make_empty_audit, make_mixed_audit


def test_the_overview_has_the_sentence_the_picture_and_what_it_cost() -> None:
    part = make_mixed_audit().overview
    assert str(part).startswith(
        "5 checks of demo: 3 failed, 1 unknown, 2 waived, 1 passed; 3 waivers to look at; unknown is "
    )
    assert part._repr_html_().count("<svg") == 1
    assert "1 calls to AWS, of 500" in str(part)


def test_findings_come_with_their_mending_and_what_is_unknown_with_its_permissions() -> None:
    part = make_mixed_audit().findings
    assert "  mend: fleetkit deploy removes rules" in str(part)
    assert "unmatched low ssh-open-to-world bastion" in str(part)
    assert "waived" not in str(part)
    markup = part._repr_html_()
    assert "How to mend it" in markup
    assert "ec2:DescribeVolumes" in markup
    assert "What to do.</strong> See to what the reason names, and audit again" in markup
    assert "<b>&" not in markup


def test_a_title_that_is_demanded_and_not_so_says_that_it_is_not() -> None:
    markup = make_mixed_audit().findings._repr_html_()
    titles = re.findall(r"<h3 id=[^>]*>([^<]*)</h3>", markup)
    assert len(titles) == 2
    assert all(one.startswith("Not met: ") for one in titles)


def test_one_flawed_waiver_is_one() -> None:
    assert make_audit({}, make_flawed("vpc-flow-logs")).summary.endswith("; 1 waiver to look at")


def test_waivers_and_evidence_are_told() -> None:
    audit = make_mixed_audit()
    assert "waived until 2026-12-01 by ada: decided" in str(audit.excused)
    assert "security-group-unused" in audit.excused._repr_html_()
    assert "passed ssh-open-to-world master: {'seen': 'master'}" in str(audit.evidence)
    assert audit.evidence._repr_html_().count("show</summary><pre") == 6


@pytest.mark.parametrize(
    ("part", "said"), [("findings", "nothing is amiss"), ("excused", "nothing is waived"), ("evidence", "")]
)
def test_where_there_is_nothing_that_is_said(part: str, said: str) -> None:
    assert str(getattr(make_empty_audit(), part)) == said
    passed = make_audit({("ssh-open-to-world", "master"): "passed"})
    assert str(passed.findings) == "nothing is amiss"
    assert "Nothing is amiss." in passed.findings._repr_html_()
