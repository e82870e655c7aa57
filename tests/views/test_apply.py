"""How far an apply is, folded out of what Terraform says, as one view and as plain lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.terraform import (
    ApplyCompleteEvent,
    ApplyErroredEvent,
    ApplyProgressEvent,
    ApplyStartEvent,
    ChangeSummaryEvent,
    Diagnostic,
    DiagnosticEvent,
    Event,
    Plan,
    ResourceRef,
    Severity,
    parse_event,
)
from fleetkit.views import ApplyLog, ApplyView, Throttle

FIXTURES = Path(__file__).parents[1] / "terraform_room" / "fixtures"


class StillClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def about(address: str) -> dict[str, object]:
    resource = ResourceRef(address=address, module="", type="aws_lb", name="web", is_data=False)
    return {"kind": "x", "at": "", "message": "", "resource": resource}


def start(address: str, action: str = "create") -> Event:
    return ApplyStartEvent(**about(address), action=action)  # type: ignore[arg-type]


def progress(address: str, elapsed_s: float) -> Event:
    return ApplyProgressEvent(**about(address), action="create", elapsed_s=elapsed_s)  # type: ignore[arg-type]


def complete(address: str, action: str = "create", resource_id: str = "i-1") -> Event:
    return ApplyCompleteEvent(**about(address), action=action, elapsed_s=12, resource_id=resource_id)  # type: ignore[arg-type]


def fail(address: str) -> Event:
    return ApplyErroredEvent(**about(address), action="create", elapsed_s=3)  # type: ignore[arg-type]


def diagnose(summary: str, *, address: str = "", severity: Severity = Severity.ERROR) -> Event:
    diagnostic = Diagnostic(severity=severity, summary=summary, address=address)
    return DiagnosticEvent(kind="diagnostic", at="", message="", diagnostic=diagnostic)


def fold(view: ApplyView, *events: Event) -> ApplyView:
    for event in events:
        view = view.after(event, at_s=100.0)
    return view


@pytest.mark.parametrize("version", ["1.11.4", "1.15.5"])
def test_a_real_apply_ends_with_everything_done(version: str) -> None:
    plan = Plan.from_json((FIXTURES / f"plan-create-{version}.json").read_text(encoding="utf-8"))
    lines = (FIXTURES / f"events-apply-{version}.jsonl").read_text(encoding="utf-8").splitlines()
    start_view = ApplyView.for_plan(plan)
    assert (start_view.total, start_view.fraction) == (6, 0.0)
    view = fold(start_view, *map(parse_event, lines))
    assert (view.done, view.total, view.fraction, view.ended) == (6, 6, 1.0, True)
    assert not view.running
    assert not view.failed


def test_a_replacement_counts_as_two_steps() -> None:
    plan = Plan.from_json((FIXTURES / "plan-change-1.11.4.json").read_text(encoding="utf-8"))
    assert ApplyView.for_plan(plan).total == 3 + 2 * 2 + 1


def test_the_view_tells_what_runs_and_for_how_long() -> None:
    view = fold(ApplyView(total=3), start("aws_lb.web"), start("aws_vpc.this"), complete("aws_vpc.this"))
    assert view.done == 1
    assert view.running["aws_lb.web"].elapsed_s(161.0) == 61.0
    assert view.headline(161.0) == "1 of 3 done, creating aws_lb.web for 1 min 01 s"
    assert view.fraction == pytest.approx(1 / 3)


def test_a_failure_is_kept_with_its_reason_and_never_looks_done() -> None:
    view = fold(
        ApplyView(total=1),
        start("aws_lb.web"),
        fail("aws_lb.web"),
        diagnose("no room", address="aws_lb.web"),
        diagnose("execution halted"),
        diagnose("old syntax", severity=Severity.WARNING),
    )
    assert view.failed["aws_lb.web"].reason == "aws_lb.web: no room"
    assert view.errors == ("execution halted",)
    assert view.warnings == ("old syntax",)
    assert (view.done, view.ended, view.running) == (0, False, {})
    assert view.fraction < 1
    assert "1 failed" in view.headline(100.0)


def test_more_steps_than_planned_do_not_look_like_the_end() -> None:
    assert fold(ApplyView(total=1), complete("a.b"), complete("c.d")).fraction < 1


def test_an_earlier_view_stays_what_it_was() -> None:
    before = fold(ApplyView(total=1), start("a.b"))
    fold(before, complete("a.b"))
    assert list(before.running) == ["a.b"]


def test_the_log_says_each_end_once_and_what_still_goes_on_now_and_then() -> None:
    clock = StillClock()
    log = ApplyLog(ApplyView(total=2), still_every_s=30, clock=clock)
    assert log.lines_for(start("aws_lb.web")) == []
    said = []
    for elapsed_s in range(10, 80, 10):
        clock.now_s = 100.0 + elapsed_s
        said += log.lines_for(progress("aws_lb.web", elapsed_s))
    assert said == [
        "0 of 2 done, creating aws_lb.web for 30 s",
        "0 of 2 done, creating aws_lb.web for 1 min 00 s",
    ]
    assert log.lines_for(complete("aws_lb.web")) == ["[1/2] created aws_lb.web (i-1) in 12 s"]
    assert log.lines_for(complete("aws_vpc.old", "delete", "")) == ["[2/2] deleted aws_vpc.old in 12 s"]
    assert log.lines_for(fail("a.b")) == ["[2/2] FAILED creating a.b after 3 s"]
    assert log.lines_for(diagnose("no room", address="a.b")) == ["error: a.b: no room"]
    summary = ChangeSummaryEvent(
        kind="change_summary",
        at="",
        message="Apply complete!",
        operation="apply",
        added=1,
        changed=0,
        removed=1,
        imported=0,
    )
    assert log.lines_for(summary) == ["Apply complete!"]
    assert log.view.ended


def test_the_summary_of_a_plan_is_no_end_of_an_apply() -> None:
    summary = ChangeSummaryEvent(
        kind="change_summary", at="", message="Plan", operation="plan", added=1, changed=0, removed=1, imported=0
    )
    assert not fold(ApplyView(total=1), summary).ended


def test_drawing_is_due_at_once_and_then_once_in_an_interval() -> None:
    clock = StillClock()
    throttle = Throttle(interval_s=0.5, clock=clock)
    assert throttle.is_due()
    assert not throttle.is_due()
    clock.sleep(0.6)
    assert throttle.is_due()


def test_a_stopped_apply_says_what_stays_what_is_broken_off_and_what_the_next_plan_holds() -> None:
    view = ApplyView(total=4)
    assert view.left_behind == ("Terraform had changed nothing yet.",)
    events = (start("aws_lb.a"), complete("aws_lb.a"), start("aws_lb.b"), fail("aws_lb.b"), start("aws_lb.c"))
    for event in events:
        view = view.after(event, at_s=0)
    stays, broken, following = view.left_behind
    assert stays.startswith("1 of 4 changes were made: they stay")
    assert broken.endswith("aws_lb.b, aws_lb.c.")
    assert following.startswith("The next plan holds only what is still to be done")
    whole = ApplyView(total=4).after(complete("aws_lb.a"), at_s=0)
    assert not [line for line in whole.left_behind if "Broken off" in line]
