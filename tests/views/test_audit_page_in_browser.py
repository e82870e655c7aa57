"""The page of an audit in a real browser: nothing of it is cut off on paper, and what scrolls does so by keyboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.lab_browser import chromium, open_page
from support.told_audits import make_mixed_audit

from fleetkit.views import AuditFormat, render_audit

__all__ = ["chromium"]

pytestmark = pytest.mark.browser

A4_BETWEEN_MARGINS = {"width": 680, "height": 1000}
CUT_OFF = """() => [...document.querySelectorAll('td, th, pre, p')]
  .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1).map((one) => one.textContent)"""
RULES = ["ingress tcp 32768-61000 from sg-7d8e7b7520841e69d", "arn:aws:elasticloadbalancing:us-west-2:123456:" * 2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the page of an audit that read a lot of each resource."""
    audit = make_mixed_audit()
    results = tuple(
        replace(one, judgement=replace(one.judgement, evidence={"rules": RULES}, reason="it lets everybody in"))
        for one in audit.results
    )
    path = tmp_path / "audit.html"
    path.write_text(render_audit(replace(audit, results=results), AuditFormat.HTML))
    return path


def test_on_paper_all_facts_are_there_and_none_is_cut_off(chromium: Any, file: Path) -> None:
    with open_page(chromium, viewport=A4_BETWEEN_MARGINS) as (page, _, errors):
        page.goto(file.as_uri())
        page.emulate_media(media="print")
        assert page.locator("pre").last.is_visible()
        assert page.evaluate(CUT_OFF) == []
        assert errors == []


def test_on_a_narrow_screen_what_is_amiss_is_seen_whole(chromium: Any, file: Path) -> None:
    with open_page(chromium, viewport={"width": 700, "height": 900}) as (page, _, _):
        page.goto(file.as_uri())
        assert page.evaluate(CUT_OFF) == []
        boxes = page.locator(".table")
        assert boxes.count() == page.locator('.table[tabindex="0"]').count() > 0
