"""The time left is that of an earlier apply of about the same size, and nothing is said where there was none."""

from __future__ import annotations

import datetime as dt

import pytest

from fleetkit.views import Pace, choose_pace

NOON = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)


def pace(*seconds: float) -> Pace:
    return Pace.from_moments(NOON, [NOON + dt.timedelta(seconds=one) for one in seconds])


@pytest.mark.parametrize(
    ("done", "total", "left"),
    [(0, 4, 100), (1, 4, 90), (2, 4, 80), (3, 4, 70), (4, 4, 0), (0, 8, 100), (4, 8, 80), (8, 8, 0), (9, 8, 0)],
)
def test_what_was_left_at_the_same_share_is_what_is_left_now(done: int, total: int, left: float) -> None:
    assert pace(10, 20, 100, 30).estimate_s(done=done, total=total) == left


def test_the_nearest_in_size_counts_and_of_those_the_newest() -> None:
    newest, older, small = pace(1, 2, 3, 4), pace(5, 6, 7, 8), pace(1, 2)
    assert choose_pace([small, newest, older], total=5) is newest
    assert choose_pace([small, older], total=8) is older


def test_an_apply_of_quite_another_size_says_nothing() -> None:
    assert choose_pace([], total=4) is None
    assert choose_pace([pace(1, 2)], total=2) is None, "two changes are no pace"
    assert choose_pace([pace(1, 2, 3, 4)], total=9) is None
    assert choose_pace([pace(*range(1, 10))], total=4) is None
