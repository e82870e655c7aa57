"""A change is done in its turn and to its end; what goes wrong in it is told, and nothing of its innards is shown."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from fleetkit.core import EtcdError, NotFoundError, StalePlanError
from fleetkit.etcd import Store
from fleetkit.web import ChangeDesk, SignIn
from fleetkit.web.change_desk import ChangeState, PlannedChange
from fleetkit.workflows import Approved, KeyChange, KeysPlan, Reporter, VerifiedKeys

PLAN = KeysPlan(cluster="demo", store=Store.V3, changes=(KeyChange(key=b"a", before=None, content=b"x"),))
APPROVED = Approved(plan=PLAN, sha256=PLAN.sha256)


def plan(*, apply: Any = lambda *_what: "written", findings: tuple[str, ...] = (), **known: Any) -> PlannedChange:
    verified = VerifiedKeys(looked_at=1, findings=findings)
    return PlannedChange(plan=PLAN, apply=apply, verify=lambda *_what: verified, back="/", **known)


def carry_out(desk: ChangeDesk, change: PlannedChange) -> PlannedChange:
    desk.start(change, APPROVED)
    assert change.ended.wait(20)
    return change


def fail(error: Exception) -> Any:
    def apply(*_what: object) -> str:
        raise error

    return apply


def test_what_came_of_it_is_told_on_the_page_and_in_the_terminal(desk: ChangeDesk, told: list[str]) -> None:
    def apply(_approved: object, report: Reporter) -> str:
        report.note("half way")
        return "written"

    change = carry_out(desk, plan(apply=apply, findings=("a is gone",)))
    assert change.state is ChangeState.DONE
    assert change.told == ["written", "1 key read again: not all as they were left", "! a is gone"]
    assert change.findings == ("a is gone",)
    assert change.notes == ["half way", "verifying"]
    assert told == [f"{PLAN.opening} Plan {PLAN.sha256[:12]}, approved by its name.", *change.notes, *change.told]


def test_a_change_that_is_refused_says_what_is_there_now(desk: ChangeDesk) -> None:
    change = carry_out(desk, plan(apply=fail(StalePlanError("it has changed")), look=lambda: "another"))
    assert (change.state, change.error and change.error.what) == (ChangeState.FAILED, "it has changed")
    assert change.now == "another"
    change = carry_out(desk, plan(apply=fail(StalePlanError("it has changed")), look=fail(EtcdError("no answer"))))
    assert change.now == "it could not be read: no answer"


def test_what_was_done_is_told_even_where_looking_at_it_fails(desk: ChangeDesk) -> None:
    change = plan()
    change.verify = fail(EtcdError("no answer"))
    carry_out(desk, change)
    assert change.state is ChangeState.FAILED
    assert change.told == ["written"]


def test_an_error_that_nobody_foresaw_goes_to_the_terminal_alone(told: list[str]) -> None:
    defects: list[Exception] = []
    with ChangeDesk(SignIn("x"), report=Reporter(note=told.append), tell_defect=defects.append) as desk:
        change = carry_out(desk, plan(apply=fail(ZeroDivisionError("innards"))))
    assert [str(one) for one in defects] == ["innards"]
    assert change.error is not None
    assert "innards" not in f"{change.error}{told}"


def test_a_change_that_is_under_way_is_brought_to_its_end_when_the_page_ends(told: list[str]) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def apply(*_what: object) -> str:
        begun.set()
        assert may_end.wait(20)
        return "written"

    def note(line: str) -> None:
        told.append(line)
        if "brought to its end" in line:
            may_end.set()

    change = plan(apply=apply)
    with ChangeDesk(SignIn("x"), report=Reporter(note=note)) as desk:
        desk.start(desk.find(desk.keep(change)), APPROVED)
        assert begun.wait(20)
    assert change.state is ChangeState.DONE
    assert "a change is under way: it is brought to its end first" in told


def test_the_last_hundred_are_kept(desk: ChangeDesk) -> None:
    words = [desk.keep(plan()) for _ in range(102)]
    assert len(set(words)) == 102
    for word in words[:2]:
        with pytest.raises(NotFoundError, match="no such change"):
            desk.find(word)
    assert all(desk.find(word) for word in words[2:])
