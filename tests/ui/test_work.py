"""Work in threads: the caller goes on, and no error is lost."""

from __future__ import annotations

import threading

import pytest

from fleetkit.core import BusyError
from fleetkit.ui._work import Ticker, Work

PATIENCE_S = 30


def never(_value: object) -> None:
    raise AssertionError("this must not be told")


def test_the_caller_goes_on_while_the_work_does_and_is_told_what_it_returned() -> None:
    work, go, told = Work(), threading.Event(), []
    work.start(lambda: go.wait(PATIENCE_S), done=told.append, failed=never)
    assert work.is_running
    assert told == []
    go.set()
    assert work.join(PATIENCE_S)
    assert told == [True]


def test_an_error_of_the_work_is_told() -> None:
    work, told = Work(), []
    work.start(lambda: int("no number"), done=never, failed=told.append)
    work.join(PATIENCE_S)
    assert isinstance(told[0], ValueError)


def test_an_error_in_showing_what_came_of_it_is_told_too() -> None:
    work, told = Work(), []
    work.start(lambda: "", done=int, failed=told.append)
    work.join(PATIENCE_S)
    assert isinstance(told[0], ValueError)


def test_a_second_piece_of_work_is_refused_while_the_first_goes_on() -> None:
    work, go = Work(), threading.Event()
    work.start(lambda: go.wait(PATIENCE_S), done=lambda _: None, failed=never)
    with pytest.raises(BusyError):
        work.start(lambda: 1, done=never, failed=never)
    go.set()
    work.join(PATIENCE_S)
    told = []
    work.start(lambda: 2, done=told.append, failed=never)
    work.join(PATIENCE_S)
    assert told == [2]


def test_a_ticker_ticks_until_the_block_ends() -> None:
    ticks = threading.Semaphore(0)
    with Ticker(0.001, ticks.release):
        assert all(ticks.acquire(timeout=PATIENCE_S) for _ in range(3))
    while ticks.acquire(blocking=False):
        pass
    assert not ticks.acquire(timeout=0.05)


def test_an_error_of_a_tick_is_raised_by_the_block() -> None:
    failing = threading.Event()

    def tick() -> None:
        failing.set()
        raise ValueError("a broken clock")

    with pytest.raises(ValueError, match="a broken clock"), Ticker(0.001, tick):
        assert failing.wait(PATIENCE_S)
