"""Asking many targets at once loses none of them, and keeps their order."""

from __future__ import annotations

import threading

import pytest

from fleetkit.core import Results, call_each


def test_each_target_has_its_value_or_its_exception_in_input_order() -> None:
    def call(target: str) -> int:
        if target == "b":
            raise TimeoutError("b did not answer")
        return ord(target)

    results = call_each(["c", "b", "a"], call)
    assert list(results) == ["c", "b", "a"]
    assert results.ok == {"c": 99, "a": 97}
    assert [str(error) for error in results.failed.values()] == ["b did not answer"]


def test_targets_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)
    assert call_each([1, 2, 3], lambda _target: together.wait() >= 0).ok == {1: True, 2: True, 3: True}


def test_an_exception_that_was_not_asked_for_is_raised() -> None:
    def call(_target: int) -> None:
        raise KeyError("a defect of the caller")

    with pytest.raises(KeyError):
        call_each([1], call, catch=OSError)


def test_no_targets_give_no_results() -> None:
    assert call_each([], lambda target: target) == Results({})
