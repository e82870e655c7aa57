"""Nobody is let in who should not be, every answer says what may be done with it, and no error shows its innards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.web_pages import Visitor

import fleetkit.web
from fleetkit.core import (
    ApprovalMissingError,
    BusyError,
    EtcdError,
    FleetkitError,
    NotFoundError,
    SettingsError,
    StalePlanError,
    WaitTimeoutError,
)
from fleetkit.web import PageSettings
from fleetkit.web.app import make_app

TEMPLATES = Path(fleetkit.web.__file__).parent / "templates"


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost:3000", "LOCALHOST:3000"])
def test_both_names_of_this_computer_are_answered(fleet: Visitor, host: str) -> None:
    assert fleet.get("/", host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example:3000", "127.0.0.1", "127.0.0.1:3001", "localhost.evil.example:3000", "[::1]:3000"]
)
@pytest.mark.parametrize("path", ["/", "/static/page.css", "/no-such-page"])
def test_any_other_name_is_refused_whatever_it_asks_for(fleet: Visitor, host: str, path: str) -> None:
    page = fleet.get(path, host=host)
    assert page.status == 400
    assert "by no other name" in page.text
    assert "web@" not in page.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("10.10.3.100:3000", 404),
        ("fleet.demo.internal", 404),
        ("FLEET.demo.internal:3000", 404),
        ("10.10.3.100", 400),
        ("127.0.0.1:3000", 400),
        ("localhost:3000", 400),
        ("fleet.demo.internal.evil.example", 400),
        ("fleet.demo.internal:80", 400),
        ("internal-demo-fleet-ui-1234567890.us-west-2.elb.amazonaws.com", 404),
        ("internal-demo-fleet-ui-.us-west-2.elb.amazonaws.com", 400),
        ("internal-demo-fleet-ui-1.evil.example-1.us-west-2.elb.amazonaws.com", 400),
        ("internal-demo-fleet-ui-1xus-west-2.elb.amazonaws.com", 400),
        ("demo-fleet-ui-1.us-west-2.elb.amazonaws.com", 400),
    ],
)
def test_a_page_for_others_goes_by_its_address_and_by_the_names_that_it_was_given(host: str, status: int) -> None:
    names = ("fleet.demo.internal", "internal-demo-fleet-ui-*.us-west-2.elb.amazonaws.com")
    settings = PageSettings(owner="demo", port=3000, address="10.10.3.100", names=names)
    assert Visitor(make_app(settings, title="fleet")).get("/", host=host).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/no-such-page"])
def test_a_page_that_only_reads_refuses_every_other_method(fleet: Visitor, method: str, path: str) -> None:
    page = fleet.send(path, method=method)
    assert page.status == 403
    assert "this page only reads" in page.text


@pytest.mark.parametrize("path", ["/", "/units/fail.service", "/static/page.css", "/no-such-page"])
def test_every_answer_says_what_a_browser_may_do_with_it(fleet: Visitor, path: str) -> None:
    headers = fleet.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


def test_a_page_that_is_not_there_is_told_as_a_page(fleet: Visitor) -> None:
    page = fleet.get("/no-such-page")
    assert page.status == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert "This did not work" in page.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("a"), 404),
        (SettingsError("a"), 400),
        (StalePlanError("a"), 409),
        (ApprovalMissingError("a"), 403),
        (BusyError("a"), 409),
        (EtcdError("a"), 502),
        (WaitTimeoutError("a"), 504),
        (FleetkitError("a"), 500),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_an_error_of_ours_is_told_with_its_status(error: FleetkitError, status: int) -> None:
    error.what, error.seen, error.hint = "the <b>thing</b> failed", "AKIAABCDEFGHIJKLMNOP", "mend it"
    page = visit(error)
    assert page.seen.status == status
    assert "the <b>thing</b> failed" in page.seen.text
    assert "seen: [redacted] next: mend it" in page.seen.text
    assert "<b>" not in page.seen.markup


def test_an_error_that_nobody_foresaw_is_told_to_whoever_started_the_page_alone() -> None:
    told: list[Exception] = []
    page = visit(ZeroDivisionError("hunter2 of a secret kind"), told)
    assert page.seen.status == 500
    assert "in a way that it does not know" in page.seen.text
    assert not re.search("hunter2|ZeroDivision|Traceback|test_app", page.seen.markup)
    assert [str(one) for one in told] == ["hunter2 of a secret kind"]


def visit(error: Exception, told: list[Exception] | None = None) -> Visitor:
    """Open a page that fails so."""
    heard: list[Exception] = [] if told is None else told
    app = make_app(PageSettings(owner="demo", port=3000, tell_defect=heard.append), title="fleet")

    @app.get("/")
    def fail() -> str:
        raise error

    visitor = Visitor(app)
    visitor.get("/")
    return visitor


def test_pages_hold_no_script_no_style_of_their_own_and_nothing_from_elsewhere() -> None:
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<script|\sstyle=|<style|\son[a-z]+=|https?://|\|\s*safe", text), file.name
    css = (TEMPLATES.parent / "static" / "page.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import", css)
