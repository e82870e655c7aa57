"""Cron lines in systemd's words: due at the same moments, with systemd and cronsim as each other's witness."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.debian_programs import require_program

from fleetkit.core import SettingsError
from fleetkit.schedule import parse_cron, to_on_calendar

START = dt.datetime(2026, 4, 10, 7, 11, 13, tzinfo=dt.UTC)
COUNT = 8
LAST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
"""systemd reckons no further."""
LINES = (
    *("* * * * *", "*/5 * * * *", "0 3 * * *", "7,37 */6 * * *", "59 23 31 12 *", "0 0 29 2 *", "15 10-16/3 * * *"),
    *("0 0 1 * MON", "0 0 1,15 * 5-7", "0 12 13 * FRI", "0 0 1-31/2 * 1", "30 4 */10 * *", "0 0 * * */2"),
    *("0 6 * * 0", "0 6 * * 7", "0 6 * * SUN,SAT", "0 9 * JAN-MAR,OCT MON-FRI", "5/20 1 * * *", "0 0 1 */5 *"),
    *("0 0 L * *", "0 0 L * MON", "0 0 1,L * *", "0 0 * * 5L", "0 0 * * MON#1", "0 0 * * MON#1,FRI#5", "0 0 31 * *"),
    *("0 0 * 2 MON#5", "0-59 0-23 1-31 1-12 0-7", "0 0 30 4,6 *"),
)


def ask_systemd(calendar: tuple[str, ...], *, after: dt.datetime, count: int) -> list[dt.datetime]:
    """Return the moments at which a timer with these lines is due, as systemd reckons them."""
    analyze = require_program("systemd-analyze")
    ended = subprocess.run(
        [analyze, "calendar", f"--base-time={after:%Y-%m-%d %H:%M:%S} UTC", f"--iterations={count}", *calendar],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "LC_ALL": "C"},
    )
    assert ended.stderr == ""
    moments = re.findall(r"(?:Next elapse|\(in UTC\)|Iter\. #\d+): \w+ ([\d-]+ [\d:]+) UTC", ended.stdout)
    found = {dt.datetime.fromisoformat(f"{moment}+00:00") for moment in moments}
    return sorted(found)[:count]


def require_same(text: str, timezone: str, *, after: dt.datetime = START) -> None:
    line = parse_cron(text, timezone=timezone)
    wanted = [due for due in itertools.islice(line.after(after), COUNT) if due < LAST]
    calendar = to_on_calendar(line)
    assert all(one.endswith(f" {timezone}") for one in calendar)
    assert ask_systemd(calendar, after=after, count=COUNT)[: len(wanted)] == wanted, (text, calendar)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_timer_is_due_when_its_line_is(line, zone):
    require_same(line, zone)


def field(first: int, last: int) -> st.SearchStrategy[str]:
    number = st.integers(first, last)
    span = st.tuples(number, number).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    step = st.integers(1, min(9, last - first - 1))
    stepped = st.tuples(span, step).map(lambda pair: f"{pair[0]}/{pair[1]}")
    term = st.one_of(number.map(str), span, stepped)
    return st.one_of(st.just("*"), step.map("*/{}".format), st.lists(term, min_size=1, max_size=3).map(",".join))


def covers_the_week(weekday: str) -> bool:
    days: set[int] = set()
    for term in weekday.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        days |= {day % 7 for day in range(int(first), int(last or first) + 1, int(step or 1))}
    return len(days) == 7


@settings(max_examples=60)
@given(st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7)))
def test_any_line_of_plain_fields_is_due_at_the_same_moments(fields):
    *_, day, _, weekday = fields
    if any(re.search(r"\b(\d+)-\1/", field) for field in fields):
        with pytest.raises(SettingsError, match="range that ends after it"):
            parse_cron(" ".join(fields))
    elif "*" not in (day, weekday) and ("*" in day + weekday or covers_the_week(weekday)):
        with pytest.raises(SettingsError):
            parse_cron(" ".join(fields))
    else:
        require_same(" ".join(fields), "UTC")


def test_summer_time_that_ends_or_begins_moves_the_moments_alike_on_all_other_days():
    for day in ("2026-03-29", "2026-10-25"):
        require_same("0 6 * * *", "Europe/Berlin", after=dt.datetime.fromisoformat(f"{day}T00:00:00+00:00"))


def test_an_hour_that_the_clock_leaves_out_is_left_out_by_systemd_as_the_documentation_says():
    calendar = to_on_calendar(parse_cron("30 2 * * *", timezone="Europe/Berlin"))
    (due,) = ask_systemd(calendar, after=dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC), count=1)
    assert due == dt.datetime(2026, 3, 30, 0, 30, tzinfo=dt.UTC)


def test_what_systemd_cannot_say_is_refused():
    with pytest.raises(SettingsError, match="no word for '0 0 LW"):
        to_on_calendar(parse_cron("0 0 LW * *"))
