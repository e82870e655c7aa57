"""What locks what in a guided change, what takes an approval back, and what to do next."""

from __future__ import annotations

import pytest

from fleetkit.core import BusyError, NotFoundError, PreconditionError
from fleetkit.views import (
    DEFRAGMENT_STEPS,
    DEPLOY_STEPS,
    DESTROY_STEPS,
    REPLACE_STEPS,
    RESIZE_STEPS,
    RESTORE_STEPS,
    ROTATE_STEPS,
    SYNC_NAMES_STEPS,
    UPGRADE_STEPS,
    Guide,
    StepState,
)

PASSED = StepState.PASSED


def guide_after(*names: str) -> Guide:
    """Return a deploy in which these steps have passed."""
    guide = Guide(DEPLOY_STEPS)
    for name in names:
        pass_step(guide, name)
    return guide


def pass_step(guide: Guide, name: str) -> None:
    guide.begin(name)
    guide.end(name, PASSED)


def states(guide: Guide) -> dict[str, str]:
    return {step.plan.name: str(step.state) for step in guide.steps}


def test_at_first_only_the_first_step_is_ready() -> None:
    guide = Guide(DEPLOY_STEPS)
    assert list(states(guide).values()) == ["ready", *["waiting"] * 5]
    assert guide.next_words == "Next, check what a deploy needs."


@pytest.mark.parametrize(
    "steps",
    [
        DEFRAGMENT_STEPS,
        DEPLOY_STEPS,
        DESTROY_STEPS,
        REPLACE_STEPS,
        RESIZE_STEPS,
        RESTORE_STEPS,
        ROTATE_STEPS,
        SYNC_NAMES_STEPS,
        UPGRADE_STEPS,
    ],
    ids=["defragment", "deploy", "destroy", "replace", "resize", "restore", "rotate", "sync-names", "upgrade"],
)
def test_the_steps_pass_one_after_the_other_to_the_end(steps) -> None:
    guide = Guide(steps)
    for step in steps:
        assert [one.plan.name for one in guide.steps if one.state is StepState.READY] == [step.name]
        assert step.todo in guide.next_words
        pass_step(guide, step.name)
    assert guide.next_words.startswith("All steps have passed.")


def test_when_the_last_step_has_passed_the_record_is_closed_and_nothing_begins() -> None:
    names = [step.name for step in DEPLOY_STEPS]
    guide = guide_after(*names)
    guide.take_back("preflight", "The cluster file has changed")
    assert set(states(guide).values()) == {"passed"}
    assert not any(guide.is_open(name) for name in names)
    with pytest.raises(PreconditionError, match="the record is closed"):
        guide.begin("plan")


@pytest.mark.parametrize(
    ("passed", "locked", "first"),
    [
        ((), "plan", "Check first"),
        ((), "approve", "Check first"),
        (("preflight",), "approve", "Plan"),
        (("preflight", "plan"), "apply", "Approve"),
        (("preflight", "plan", "approve"), "verify", "Apply"),
    ],
)
def test_a_step_is_locked_until_each_before_it_has_passed(passed, locked, first) -> None:
    guide = guide_after(*passed)
    assert not guide.is_open(locked)
    assert first in guide[locked].words
    with pytest.raises(PreconditionError, match=first):
        guide.begin(locked)


def test_a_check_that_failed_locks_the_plan() -> None:
    guide = Guide(DEPLOY_STEPS)
    guide.begin("preflight")
    guide.end("preflight", StepState.FAILED, "no credentials")
    assert not guide.is_open("plan")
    assert guide.is_open("preflight")
    assert guide["preflight"].words == "no credentials"
    assert guide.next_words == "Next, once more: check what a deploy needs."


def test_a_new_plan_takes_the_approval_back() -> None:
    guide = guide_after("preflight", "plan", "approve")
    assert guide.is_open("apply")
    guide.begin("plan")
    guide.end("plan", PASSED)
    assert not guide.is_open("apply")
    assert guide["approve"].state is StepState.READY


def test_a_changed_file_takes_everything_back_and_says_why() -> None:
    guide = guide_after("preflight", "plan", "approve")
    guide.take_back("preflight", "The cluster file has changed")
    assert states(guide)["approve"] == states(guide)["plan"] == "waiting"
    assert guide.next_words == (
        "The cluster file has changed. Next, go back to 'Check first': check what a deploy needs."
    )
    pass_step(guide, "preflight")
    assert guide.next_words == "Next, plan, and look at what would change."


def test_a_wrong_name_is_refused_and_may_be_tried_again() -> None:
    guide = guide_after("preflight", "plan")
    guide.begin("approve")
    guide.end("approve", StepState.REFUSED, "the approval names 'other'")
    assert not guide.is_open("apply")
    pass_step(guide, "approve")
    assert guide.is_open("apply")


@pytest.mark.parametrize("state", [StepState.FAILED, StepState.CANCELLED, StepState.REFUSED])
def test_an_apply_that_did_not_pass_has_to_be_planned_and_approved_anew(state) -> None:
    guide = guide_after("preflight", "plan", "approve")
    guide.begin("apply")
    guide.end("apply", state, "stopped before its end")
    assert guide["apply"].state is state
    assert not guide.is_open("apply")
    assert guide["plan"].state is StepState.READY
    assert guide.next_words == (
        f"'Apply' ended: {state}. Next, go back to 'Plan': plan, and look at what would change."
    )
    for name in ("plan", "approve", "apply"):
        pass_step(guide, name)
    assert guide.is_open("verify")


def test_while_one_step_runs_no_other_begins() -> None:
    guide = guide_after("preflight")
    guide.begin("plan")
    assert guide.next_words == "'Plan' is running."
    assert not any(guide.is_open(step.plan.name) for step in guide.steps)
    with pytest.raises(BusyError, match="'Plan' is running"):
        guide.begin("preflight")


def test_only_what_runs_can_end() -> None:
    with pytest.raises(PreconditionError, match="not running"):
        Guide(DEPLOY_STEPS).end("plan", PASSED)


def test_an_unknown_step_is_told_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="preflight"):
        Guide(DEPLOY_STEPS)["deploy"]


def test_subscribers_are_told_of_each_change_until_they_leave() -> None:
    guide, seen = Guide(DEPLOY_STEPS), []
    leave = guide.subscribe(lambda: seen.append(str(guide["preflight"].state)))
    guide.begin("preflight")
    guide.end("preflight", PASSED)
    guide.take_back("preflight", "The file has changed")
    guide.take_back("preflight", "nothing to take back any more")
    assert seen == ["running", "passed", "ready"]
    leave()
    guide.begin("preflight")
    assert seen == ["running", "passed", "ready"]
