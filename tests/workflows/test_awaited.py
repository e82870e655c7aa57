"""Whoever waits for long is told for what, and no more once that is over."""

from __future__ import annotations

import queue

import pytest

from fleetkit.workflows._awaited import telling_what_is_awaited

WORDS = {"a": "load balancers", "b": "machines", "c": "roles", "d": "subnets"}


def test_what_is_still_waited_for_is_told_until_it_is_there() -> None:
    told: queue.Queue[str] = queue.Queue()
    with telling_what_is_awaited(WORDS, told.put, every_s=0.01) as awaited:
        assert told.get(timeout=60) == "0 of 4 read; waiting for load balancers, machines, roles and 1 more"
        with awaited.waiting_for("b"):
            pass
        with pytest.raises(OSError, match="away"), awaited.waiting_for("a"):
            raise OSError("away")
        assert "2 of 4 read; waiting for roles, subnets" in iter(lambda: told.get(timeout=60), None)
    while not told.empty():
        told.get()
    with pytest.raises(queue.Empty):
        told.get(timeout=0.1)


def test_what_is_soon_there_is_told_of_to_nobody() -> None:
    told: list[str] = []
    with telling_what_is_awaited(WORDS, told.append):
        pass
    assert told == []
