"""Of which runs somebody is told: changes, new findings, runs that were cut off; and less where it flaps."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from fleetkit.config import NoticeWhen
from fleetkit.runs import Outcome
from fleetkit.schedule._judging import judge_run
from fleetkit.schedule._told import Told

NOW = dt.datetime(2026, 3, 1, 3, 0, tzinfo=dt.UTC)
DONE, FINDINGS, FAILED = Outcome.DONE, Outcome.FINDINGS, Outcome.FAILED


def told_of(runs, *, on=NoticeWhen.CHANGE, apart=dt.timedelta(hours=2)) -> list[bool]:
    """Judge runs one after another: outcome, or outcome and findings; return of which somebody is told."""
    told, tells = Told(), []
    for number, one in enumerate(runs):
        outcome, found = one if isinstance(one, tuple) else (one, ())
        judgement = judge_run(
            f"run{number}", outcome, told=told, on=on, amiss=found, untold=(), now=NOW + number * apart
        )
        told = judgement.told
        tells.append(judgement.tells)
    return tells


A, B = (FINDINGS, ("a",)), (FINDINGS, ("b",))
BOTH = (FINDINGS, ("a", "b"))

CASES = [
    ("change", "a first run that is done", [DONE], "-"),
    ("change", "a first run that is not", [FINDINGS], "x"),
    ("change", "the same again and again", [DONE, DONE, FAILED, FAILED, FAILED], "--x--"),
    ("change", "worse, worse and well again", [DONE, FINDINGS, FAILED, DONE, DONE], "-xxx-"),
    ("change", "one finding more", [DONE, A, BOTH, BOTH], "-xx-"),
    ("change", "one finding less", [DONE, BOTH, A, A], "-x--"),
    ("change", "another finding", [DONE, A, B], "-xx"),
    ("change", "a finding that comes and goes within a day", [DONE, BOTH, A, BOTH, A, BOTH], "-x----"),
    ("change", "every other way to end", [DONE, Outcome.REFUSED, Outcome.INTERRUPTED, Outcome.ABANDONED], "-xxx"),
    ("not-done", "each that is not done, and the first that is", [DONE, FAILED, FAILED, DONE, DONE], "-xxx-"),
    ("always", "all", [DONE, DONE, FAILED], "xxx"),
]


@pytest.mark.parametrize(("on", "about", "runs", "expected"), CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_who_is_told_hears_of(on, about, runs, expected):
    assert "".join("x" if one else "-" for one in told_of(runs, on=NoticeWhen(on))) == expected


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        ("ui.crt expires in 30 days", "ui.crt expires in 29 days", False),
        ("2 changes are pending", "3 changes are pending", False),
        ("84.5 % of the quota", "85 % of the quota", False),
        ("etcd1 is not healthy", "etcd2 is not healthy", True),
        ("10.10.3.100 does not answer", "10.10.3.101 does not answer", True),
        ("i-0a1 has stopped", "i-0a2 has stopped", True),
    ],
)
def test_a_number_that_changed_makes_no_new_finding_and_another_name_does(before, after, is_new):
    assert told_of([(FINDINGS, (before,)), (FINDINGS, (after,))]) == [True, is_new]


def test_a_finding_that_is_back_after_a_day_is_new():
    assert told_of([A, BOTH, A, A, BOTH], apart=dt.timedelta(hours=13)) == [True, True, False, False, True]


def test_what_flaps_is_told_once_an_hour_after_the_sixth_time_and_never_forgotten():
    minutes = dt.timedelta(minutes=5)
    tells = told_of([DONE, *([FAILED, DONE] * 30)], apart=minutes)
    first = [number for number, one in enumerate(tells) if one]
    assert first[:6] == [1, 2, 3, 4, 5, 6]
    assert {after - before for before, after in itertools.pairwise(first[5:])} <= {12, 13}
    assert len(first) > 9


def test_what_flaps_and_then_stays_is_told_in_the_end():
    runs = [DONE, *([FAILED, DONE] * 3), *([FAILED] * 20)]
    tells = told_of(runs, apart=dt.timedelta(minutes=5))
    assert tells[:8] == [False, *([True] * 6), False]
    assert tells[8:].count(True) == 1


def test_an_outcome_that_was_not_told_today_is_told_however_often_others_were():
    runs = [DONE, *([FINDINGS, DONE] * 3), FINDINGS, FAILED]
    tells = told_of(runs, apart=dt.timedelta(minutes=5))
    assert tells[-2:] == [False, True]


def test_notices_of_a_clock_that_was_ahead_silence_nobody():
    def judge(run, outcome, told, now, found=()):
        return judge_run(run, outcome, told=told, on=NoticeWhen.CHANGE, amiss=found, untold=(), now=now)

    told = Told()
    for number, outcome in enumerate([DONE, *([FINDINGS, DONE] * 3)]):
        told = judge(f"ahead{number}", outcome, told, NOW + dt.timedelta(days=300), found=("a", "b")).told
    first = judge("run1", FINDINGS, told, NOW, found=("a",))
    assert first.tells
    assert judge("run2", FINDINGS, first.told, NOW, found=("a", "b")).tells, "only that clock saw it"


def test_a_run_is_judged_once_and_one_before_it_that_nobody_was_told_of_is_told():
    def judge(run, told, untold=()):
        return judge_run(run, DONE, told=told, on=NoticeWhen.CHANGE, amiss=(), untold=untold, now=NOW)

    first = judge("run1", Told())
    second = judge("run3", first.told, ["run2"])
    assert second.tells
    again = judge("run3", second.told, ["run2"])
    assert not again.tells
    assert again.told == second.told


def test_a_journal_that_cannot_be_read_makes_no_finding_new_or_mended():
    told = judge_run("run1", FINDINGS, told=Told(), on=NoticeWhen.CHANGE, amiss=["a"], untold=(), now=NOW).told
    unknown = judge_run("run2", FINDINGS, told=told, on=NoticeWhen.CHANGE, amiss=None, untold=(), now=NOW)
    assert not unknown.tells
    assert unknown.told.found == ("a",)
