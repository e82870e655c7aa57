"""A wait ends as soon as it may, never sooner, and says why it did not."""

from __future__ import annotations

import pytest

from fleetkit.core import NotYet, Patience, WaitTimeoutError, wait_until


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_it_returns_the_first_answer_that_is_not_not_yet() -> None:
    answers = iter([NotYet("one of three"), NotYet("two of three"), "quorum"])
    heard: list[str] = []
    clock = FakeClock()
    found = wait_until(
        lambda: next(answers),
        what="a quorum",
        patience=Patience(deadline_s=60, interval_s=2),
        clock=clock,
        on_wait=heard.append,
    )
    assert found == "quorum"
    assert heard == ["one of three", "two of three"]
    assert clock.slept == [2, 2]


def test_it_looks_once_more_at_the_deadline_and_then_says_what_is_missing() -> None:
    clock = FakeClock()
    looks = 0

    def look() -> NotYet[str]:
        nonlocal looks
        looks += 1
        return NotYet(f"look {looks}")

    with pytest.raises(WaitTimeoutError, match=r"waited 5 s for a quorum: look 4") as caught:
        wait_until(
            look, what="a quorum", patience=Patience(deadline_s=5, interval_s=2), clock=clock, hint="read the log"
        )
    assert clock.now == 5
    assert "next: read the log" in str(caught.value)


def test_an_answer_that_is_false_is_still_an_answer() -> None:
    assert wait_until(lambda: 0, what="a number", patience=Patience(deadline_s=1), clock=FakeClock()) == 0


@pytest.mark.parametrize(("deadline", "interval"), [(-1, 1), (1, 0)])
def test_a_wait_that_could_not_end_is_refused(deadline: float, interval: float) -> None:
    with pytest.raises(ValueError, match="deadline_s"):
        Patience(deadline_s=deadline, interval_s=interval)
