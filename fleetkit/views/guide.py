"""A guided change as plain state: its steps in their order, what locks what, and what to do next in words."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleetkit.core import BusyError, NotFoundError, PreconditionError
from fleetkit.views.guide_steps import StepPlan

__all__ = ["Guide", "GuideStep", "StepState"]


class StepState(enum.StrEnum):
    """How a step stands."""

    WAITING = "waiting"
    """A step before it has not passed."""
    READY = "ready"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    REFUSED = "refused"
    """A guard said no, or the approval was not given."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """A step as it stands now.

    Attributes
    ----------
    plan
        What the step is.
    state
        How it stands.
    words
        What came of it, or why it waits.
    """

    plan: StepPlan
    state: StepState
    words: str = ""


class Guide:
    """The steps of one change; they pass one after the other, and any thread may ask and tell.

    A step may begin when each one before it has passed, nothing runs, and the last one has not passed yet.
    When it begins, all that came after it counts no longer: a new plan takes the approval of the old one back.

    Parameters
    ----------
    steps
        The steps, in their order.
    """

    def __init__(self, steps: Sequence[StepPlan]) -> None:
        self._plans = {step.name: step for step in steps}
        self._ended: dict[str, tuple[StepState, str]] = {}
        self._running = ""
        self._taken_back = ""
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[], None]] = []

    def subscribe(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have ``tell`` called after each change, in the thread that made it; return what ends that."""
        with self._lock:
            self._subscribers.append(tell)
        return lambda: self._subscribers.remove(tell)

    @property
    def steps(self) -> tuple[GuideStep, ...]:
        """All steps as they stand, in their order."""
        with self._lock:
            return tuple(self[name] for name in self._plans)

    def __getitem__(self, name: str) -> GuideStep:
        """Return the step called ``name``.

        Raises
        ------
        NotFoundError
            When there is none of that name.
        """
        if name not in self._plans:
            raise NotFoundError(f"the guide has no step {name!r}", known=list(self._plans))
        plan = self._plans[name]
        with self._lock:
            if name == self._running:
                return GuideStep(plan=plan, state=StepState.RUNNING)
            if name in self._ended:
                state, words = self._ended[name]
                return GuideStep(plan=plan, state=state, words=words)
            missing = self._missing_before(name)
        if missing is None:
            return GuideStep(plan=plan, state=StepState.READY)
        return GuideStep(plan=plan, state=StepState.WAITING, words=f"{missing.title!r} comes first")

    def is_open(self, name: str) -> bool:
        """Return whether the step may begin now, be it again."""
        with self._lock:
            return not self._running and not self.is_closed and self._missing_before(name) is None

    @property
    def is_closed(self) -> bool:
        """Whether the last step has passed, and with it the whole."""
        return self._ended.get(next(reversed(self._plans)), (None, ""))[0] is StepState.PASSED

    def begin(self, name: str) -> None:
        """Begin a step; what came after it counts no longer.

        Raises
        ------
        BusyError
            When a step runs already.
        PreconditionError
            When a step before it has not passed.
        """
        with self._lock:
            title = self[name].plan.title
            if self._running:
                raise BusyError(
                    f"the step {title!r} cannot begin",
                    seen=f"{self._plans[self._running].title!r} is running",
                    hint="wait for its end, or cancel it",
                )
            if self.is_closed:
                raise PreconditionError(
                    f"the step {title!r} cannot begin", seen="the record is closed", hint="run the set-up cell again"
                )
            missing = self._missing_before(name)
            if missing is not None:
                raise PreconditionError(
                    f"the step {title!r} is locked", seen=f"{missing.title!r} has not passed", hint=missing.todo
                )
            self._forget_from(name)
            self._running, self._taken_back = name, ""
        self._tell()

    def end(self, name: str, state: StepState, words: str = "") -> None:
        """Say how the running step ended; where it did not pass, what has to be done again is open again."""
        with self._lock:
            if self._running != name:
                raise PreconditionError(f"the step {self[name].plan.title!r} cannot end", seen="it is not running")
            self._running = ""
            again = self._plans[name].again_from
            if state is not StepState.PASSED and again:
                self._forget_from(again)
                self._taken_back = f"{self._plans[name].title!r} ended: {state}"
            self._ended[name] = (state, words)
        self._tell()

    def take_back(self, name: str, why: str) -> None:
        """Have the step and all after it done again, as when a file has changed; what runs is left to end.

        Parameters
        ----------
        why
            What happened, for the person who has to begin again.
        """
        with self._lock:
            before = dict(self._ended)
            if self.is_closed:
                return
            self._forget_from(self[name].plan.name)
            if before == self._ended:
                return
            self._taken_back = why
        self._tell()

    @property
    def next_words(self) -> str:
        """What to do next, in one sentence."""
        with self._lock:
            if self._running:
                return f"{self._plans[self._running].title!r} is running."
            step = next((one for one in self.steps if one.state is not StepState.PASSED), None)
            why = f"{self._taken_back}. " if self._taken_back else ""
        if step is None:
            return "All steps have passed. To begin anew, run the set-up cell again."
        if why:
            return f"{why}Next, go back to {step.plan.title!r}: {step.plan.todo}."
        again = "once more: " if step.state is not StepState.READY else ""
        return f"Next, {again}{step.plan.todo}."

    def _missing_before(self, name: str) -> StepPlan | None:
        """Return the first step before ``name`` that has not passed; None when each has."""
        for plan in self._plans.values():
            if plan.name == name:
                return None
            if self._ended.get(plan.name, (None, ""))[0] is not StepState.PASSED:
                return plan
        return None

    def _forget_from(self, name: str) -> None:
        names = list(self._plans)
        for later in names[names.index(name) :]:
            self._ended.pop(later, None)

    def _tell(self) -> None:
        # Outside the lock: whoever is told asks back, and may wait for a thread that asks too.
        for tell in list(self._subscribers):
            tell()
