"""Cron lines: checked field by field, and due at the moments that Debian's cron knows."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from fleetkit.core import SettingsError
from fleetkit.schedule import parse_cron

MARCH = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
OCTOBER = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)


def dues(text: str, timezone: str, after: dt.datetime, count: int = 2) -> list[str]:
    moments = itertools.islice(parse_cron(text, timezone=timezone).after(after), count)
    return [f"{moment:%m-%dT%H:%M}" for moment in moments]


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("60 * * * *", "minute: '60'"),
        ("* 24 * * *", "hour: '24'"),
        ("* * 0 * *", "day of month: '0'"),
        ("0 0 31 2 *", "day of month '31' in month '2': no such day"),
        ("* * * 13 *", "month: '13'"),
        ("* * * FOO *", "month: 'FOO'"),
        ("* * * * 8", "day of week: '8'"),
        ("* * * * MON#6", "day of week: 'MON#6'"),
        ("*/0 * * * *", "minute: '*/0'"),
        ("5-1 * * * *", "minute: '5-1'"),
        ("L/2 * * * *", "minute: 'L/2'"),
        ("* * * *", "4 fields"),
        ("0 * * * * *", "6 fields"),
        ("", "0 fields"),
        ("*/90 * * * *", "minute: '*/90'"),
        ("0 0-23/24 * * *", "hour: '0-23/24'"),
        ("5-5/10 * * * *", "minute: '5-5/10'"),
        ("0 0 * * mon-MON/2", "day of week: 'MON-MON/2'"),
        ("0 0 * 1-JAN/3 *", "month: '1-JAN/3'"),
        ("0 0 */2 * MON", "day of month '*/2' beside day of week 'MON'"),
        ("0 0 1-31 * MON", "day of month '1-31' beside day of week 'MON'"),
        ("0 0 15 * 0-6", "day of month '15' beside day of week '0-6'"),
        ("0 0 15 * 1-7", "day of month '15' beside day of week '1-7'"),
    ],
)
def test_a_line_that_is_wrong_is_refused_and_names_the_field_and_what_is_legal(line, seen):
    with pytest.raises(SettingsError) as caught:
        parse_cron(line)
    assert caught.value.seen is not None
    assert caught.value.seen.startswith(seen)
    assert caught.value.hint


def test_a_shorthand_is_refused_with_the_line_that_is_meant():
    with pytest.raises(SettingsError, match="write it out: 0 0 \\* \\* 0"):
        parse_cron("@weekly")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_a_zone_that_is_not_known_is_refused(zone):
    with pytest.raises(SettingsError, match="no time zone"):
        parse_cron("0 3 * * *", timezone=zone)


def test_times_are_those_of_the_named_zone_and_follow_its_summer_time():
    assert dues("0 3 * * *", "UTC", MARCH) == ["03-29T03:00", "03-30T03:00"]
    assert dues("0 3 * * *", "Europe/Berlin", MARCH - dt.timedelta(days=1)) == ["03-28T02:00", "03-29T01:00"]


def test_an_hour_that_is_left_out_or_comes_twice_runs_a_daily_line_once():
    assert dues("30 2 * * *", "Europe/Berlin", MARCH) == ["03-29T01:00", "03-30T00:30"], "at once after the gap"
    assert dues("30 2 * * *", "Europe/Berlin", OCTOBER) == ["10-25T00:30", "10-26T01:30"], "the first of the two"


def test_a_day_that_fits_day_of_month_or_day_of_week_fits():
    assert dues("0 0 1 * MON", "UTC", MARCH, 3) == ["03-30T00:00", "04-01T00:00", "04-06T00:00"]


def test_it_is_said_in_words_with_its_zone():
    assert parse_cron("30 2 * * mon-fri", timezone="Europe/Berlin").words == (
        "At 02:30, Monday through Friday (Europe/Berlin)"
    )


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("*/5 1-3/2 1,15 JAN-MAR MON-FRI", True),
        ("0 0 * JUL THU", True),
        ("5/15 * * * *", False),
        ("0 0 L * *", False),
        ("0 0 LW * *", False),
        ("0 0 * * 5L", False),
        ("0 0 * * 5L,1", False),
        ("0 0 * * MON#1", False),
    ],
)
def test_what_not_every_cron_knows_is_told_apart(line, plain):
    assert parse_cron(line).is_plain is plain
