"""Which times of a schedule came, and which went by without a run."""

from __future__ import annotations

import datetime as dt

from support.runs_records import make_record

from fleetkit.runs import Outcome, RunRecord, Scheduling
from fleetkit.schedule import Entry, SchedulerKind, judge_times, next_times, parse_cron

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def at(hour: float, *, minute: float = 0, second: float = 0) -> dt.datetime:
    return DAY + dt.timedelta(hours=hour, minutes=minute, seconds=second)


def hourly(added: dt.datetime = DAY) -> Entry:
    return Entry(
        name="look",
        notebook="20-inspect-cluster",
        cluster="demo",
        line=parse_cron("0 * * * *"),
        on=SchedulerKind.CRON,
        added=added,
    )


def ran(began: dt.datetime, *, hours: float = 0.1, attempt: int = 1, **changes) -> RunRecord:
    ended = began + dt.timedelta(hours=hours)
    scheduling = Scheduling(name="look", attempt=attempt)
    return make_record(**{"started": began, "ended": ended, "schedule": scheduling, **changes})


def test_a_run_at_its_time_has_missed_nothing():
    told = judge_times(hourly(), [ran(at(3, second=1))], now=at(4, second=2))
    assert told == Scheduling(name="look", due=at(4))


def test_a_scheduler_that_is_a_moment_early_is_at_its_time():
    assert judge_times(hourly(), [ran(at(2, minute=59, second=59))], now=at(3, minute=59, second=59)).missed == 0


def test_the_first_run_counts_from_when_the_schedule_was_added():
    assert judge_times(hourly(at(2, minute=30)), [], now=at(3, second=1)).missed == 0
    told = judge_times(hourly(at(2, minute=30)), [], now=at(5, second=1))
    assert (told.due, told.missed) == (at(5), 2)


def test_times_while_the_computer_was_off_are_counted_and_named():
    told = judge_times(hourly(), [ran(at(3))], now=at(9, minute=20))
    assert (told.due, told.missed) == (at(9), 5)
    assert told.note.startswith(
        "5 times came without a run, 2026-03-01T04:00:00Z to 2026-03-01T08:00:00Z: the computer"
    )


def test_times_while_the_run_before_was_under_way_are_told_apart():
    assert judge_times(hourly(), [ran(at(3), hours=1.5)], now=at(5, second=1)).note == (
        "1 time came without a run, 2026-03-01T04:00:00Z: the run before was still under way"
    )
    told = judge_times(hourly(), [ran(at(3), hours=1.5)], now=at(7, second=1))
    assert (told.missed, "1 of them while the run before was under way" in told.note) == (3, True)


def test_attempts_of_one_time_count_as_one_run():
    before = [ran(at(4, minute=20), attempt=2), ran(at(3), hours=1.2), ran(at(2))]
    assert judge_times(hourly(), before, now=at(5, second=1)).missed == 1


def test_a_run_between_two_times_is_for_none_and_misses_none():
    assert judge_times(hourly(), [ran(at(3))], now=at(3, minute=20)) == Scheduling(name="look")


def test_a_run_that_was_killed_is_told():
    told = judge_times(hourly(), [ran(at(3), outcome=Outcome.ABANDONED, ended=None)], now=at(4, second=1))
    assert told.note == "the run before, 20260301T040506Z-10-try, was killed"


def test_a_clock_that_went_back_is_told_and_nothing_is_counted():
    told = judge_times(hourly(), [ran(at(9))], now=at(4))
    assert told.missed == 0
    assert "the clock says 2026-03-01T04:00:00Z, and the run before began at 2026-03-01T09:00:00Z" in told.note


def test_a_long_time_away_is_not_counted_to_its_end():
    assert judge_times(hourly(), [ran(at(0))], now=DAY + dt.timedelta(days=400)).note.startswith("1000 or more times")


def test_the_next_times_follow_now():
    assert next_times(hourly(), now=at(3, minute=1)) == (at(4), at(5), at(6))
