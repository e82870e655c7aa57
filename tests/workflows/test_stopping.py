"""A wish to stop reaches what runs, what is about to run, and nothing twice."""

from __future__ import annotations

import pytest

from fleetkit.core import StoppedError, TerraformError, TerraformStoppedError
from fleetkit.workflows import StopRequest

DOING = "the deploy of demo"


class Program:
    """Something that can be stopped while it runs."""

    def __init__(self, *, running: bool) -> None:
        self.running, self.stops = running, 0

    def stop(self) -> bool:
        self.stops += self.running
        return self.running


def test_it_stops_what_runs_and_only_once() -> None:
    request, program = StopRequest(), Program(running=True)
    with request.reaching(program.stop, DOING, step="terraform"):
        request.ask()
        request.ask()
        request.watching(lambda _: None)("an event")
    assert program.stops == 1


def test_a_wish_that_came_before_the_program_ran_reaches_it_with_its_first_word() -> None:
    request, program, told = StopRequest(), Program(running=False), []
    with request.reaching(program.stop, DOING, step="terraform"):
        request.ask()
        assert program.stops == 0
        program.running = True
        request.watching(told.append)("the first word")
    assert (program.stops, told) == (1, ["the first word"])


def test_nothing_is_stopped_outside_of_its_block() -> None:
    request, program = StopRequest(), Program(running=True)
    with request.reaching(program.stop, DOING, step="terraform"):
        pass
    request.ask()
    assert program.stops == 0


def test_no_further_step_begins_after_it() -> None:
    request = StopRequest()
    request.check(DOING, step="terraform")
    request.ask()
    with pytest.raises(StoppedError, match="the deploy of demo was stopped before its step terraform") as caught:
        request.check(DOING, step="terraform", completed=["bucket"])
    assert (caught.value.step, caught.value.completed) == ("terraform", ("bucket",))


def test_terraform_that_stopped_as_it_was_asked_is_told_from_terraform_that_failed() -> None:
    request = StopRequest()
    with (
        pytest.raises(StoppedError, match="the deploy of demo was stopped at its step terraform: all is") as caught,
        request.reaching(lambda: True, DOING, step="terraform", completed=["bucket"]),
    ):
        raise TerraformStoppedError("terraform apply was stopped", seen="all is in the state", hint="run it again")
    assert caught.value.completed == ("bucket",)
    assert "run it again" not in str(caught.value)
    request.ask()
    with pytest.raises(TerraformError, match="no quota"), request.reaching(lambda: True, DOING, step="terraform"):
        raise TerraformError("no quota")
