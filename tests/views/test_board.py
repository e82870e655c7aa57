"""The board as state: each part stands for itself, and the members' past is kept, but not for ever."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any

import pytest

from fleetkit.views import Board, BoardPart, Measure, MemberHistory, draw_history

NOON = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def member(name: str, **known: Any) -> dict[str, Any]:
    return {"name": name, "took_ms": 2.0, "db_size_bytes": 20_480, "raft_index": 100, **known}


def part(title: str, **known: Any) -> BoardPart:
    return BoardPart(title=title, markup=f"<p>{title}</p>", **known)


def test_a_part_that_cannot_be_read_is_unknown_and_the_others_go_on() -> None:
    board = Board()
    board.take({"members": part("Members"), "machines": part("Machines")}, members=[member("a")], at=at(0))
    assert board.verdict == "as it should be"
    board.take(
        {
            "members": part("Members", unknown="the tunnel is lost"),
            "machines": part("Machines", findings=("one is gone",)),
        },
        members=None,
        at=at(10),
    )
    assert board.verdict == "1 of 2 parts unknown, 1 finding"
    assert (board.unknown, board.findings) == (("Members",), ("one is gone",))


def test_what_is_read_on_demand_stays_while_the_rest_is_read_again() -> None:
    board = Board()
    board.take({"drift": part("Drift", findings=("x differs",))}, members=None, at=at(0))
    board.take({"machines": part("Machines")}, members=None, at=at(1))
    assert board.findings == ("x differs",)


def test_its_age_is_that_of_the_last_reading() -> None:
    board = Board()
    assert (board.age(at(0)), board.verdict) == ("not read yet", "nothing has been read yet")
    board.take({}, members=None, at=at(0))
    assert board.age(at(95)) == "last read 1 min 35 s ago"
    assert board.age(at(-5)) == "read just now", "a clock that was set back makes no reading of the future"


def test_the_past_is_bounded() -> None:
    history = MemberHistory(most=3)
    for second in range(10):
        history.add(at(second), [member("a", raft_index=second)])
    assert [sample.raft_index for sample in history.by_member()["a"]] == [7, 8, 9]


def test_a_reading_that_lacks_a_member_leaves_a_gap_and_no_line_over_it() -> None:
    history = MemberHistory()
    history.add(at(0), [member("a"), member("b")])
    history.add(at(1), [member("a"), member("b", took_ms=None)])
    history.add(at(2), [member("a")])
    assert [sample.took_ms for sample in history.by_member()["b"]] == [2.0, None, None]
    history.add(at(3), ())
    assert [sample.raft_index for sample in history.by_member()["a"]] == [100, 100, 100, None]


@pytest.mark.parametrize("measure", list(Measure), ids=lambda measure: measure.name)
def test_a_chart_names_every_member_and_says_what_it_shows(measure: Measure) -> None:
    history = MemberHistory()
    for second in range(30):
        history.add(at(second), [member(name, took_ms=second + len(name)) for name in ("etcd1", "etcd2", "etcd3")])
    drawing = draw_history(history, measure, when="this session")
    assert f'aria-label="{escape(measure.value)}, this session"' in drawing
    for name in ("etcd1", "etcd2", "etcd3"):
        assert f">{name}</text>" in drawing
    assert drawing == draw_history(history, measure, when="this session")
    assert "<script" not in drawing


def test_a_chart_without_a_reading_says_so() -> None:
    history = MemberHistory()
    history.add(at(0), [member("a", took_ms=None)])
    assert "nothing to show yet" in draw_history(history, Measure.LATENCY)
    assert "nothing to show yet" not in draw_history(history, Measure.RAFT_INDEX)


def test_a_single_reading_is_shown_within_its_minute_and_not_amid_years() -> None:
    history = MemberHistory()
    history.add(at(0), [member("etcd1")])
    drawing = draw_history(history, Measure.LATENCY)
    assert ">2025<" not in drawing
    assert "2026-Nov-25" in drawing
