"""The card of one step: how it stands, what to press, what is going on, what came of it."""

from __future__ import annotations

import threading
from collections import deque
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.core import FleetkitError, PreconditionError, StoppedError
from fleetkit.ui import _parts
from fleetkit.ui._guided import Act, GuidedRun
from fleetkit.ui._parts import Tone
from fleetkit.views import StepState
from fleetkit.workflows import Reporter

__all__ = ["TONES", "StepCard"]

TONES = {
    StepState.WAITING: Tone.QUIET,
    StepState.READY: Tone.BUSY,
    StepState.RUNNING: Tone.BUSY,
    StepState.PASSED: Tone.GOOD,
    StepState.FAILED: Tone.BAD,
    StepState.REFUSED: Tone.BAD,
    StepState.CANCELLED: Tone.CARE,
}
"""The tone of each state of a step."""

_LAST_NOTES = 6


class StepCard:
    """The widget of one step. What it does runs in a thread; what it shows is changed from there.

    Parameters
    ----------
    guided
        The run that the step is part of.
    name
        Name of the step.
    act
        What is done when the button is pressed; told where its notes go, and returns what to show.
    label, again
        What stands on the button, the first time and later.
    style
        Style of the button.
    """

    def __init__(
        self, guided: GuidedRun, name: str, act: Act, *, label: str, again: str = "", style: str = "primary"
    ) -> None:
        self.guided, self.name = guided, name
        self._act, self._labels = act, (label, again or label)
        self._notes: deque[str] = deque(maxlen=_LAST_NOTES)
        self._lock = threading.RLock()
        self._begun = False
        self._head, self._next, self._said = _parts.html(), _parts.html(), _parts.html()
        self._result, self._problem = _parts.html(), _parts.html()
        self._go = _parts.button(label, self.press, style=style)
        self.widget = _parts.card(
            self._head, *self._before(), self._actions(), self._said, self._problem, *self._after(), self._next
        )
        guided.steps.subscribe(self._draw)
        self._draw()

    def press(self) -> None:
        """Begin the step; what keeps it from beginning is shown."""
        try:
            self.guided.steps.begin(self.name)
        except FleetkitError as error:
            self._problem.value = _parts.problem_html(error)
            return
        with self._lock:
            self._begun = True
            self._notes.clear()
        self._said.value = self._problem.value = ""
        self._prepare()
        self.guided.work.start(self._work, done=self._done, failed=self._failed)

    def _before(self) -> tuple[widgets.Widget, ...]:
        """Return what stands above the button."""
        return ()

    def _actions(self) -> widgets.Widget:
        """Return the line of buttons."""
        return _parts.row(self._go)

    def _after(self) -> tuple[widgets.Widget, ...]:
        """Return what shows the result."""
        return (self._result,)

    def _prepare(self) -> None:
        """Make ready for a beginning, before the work does."""

    def _show(self, result: Any) -> tuple[StepState, str]:
        """Show what came of the step, and judge it."""
        self._result.value = _parts.box_html(result._repr_html_())
        return StepState.PASSED, ""

    def _explain(self, error: BaseException) -> str:
        """Return what is shown of the error that ended the step."""
        return _parts.problem_html(error)

    def _reporter(self) -> Reporter:
        return self.guided.reporter(note=self._note)

    def _work(self) -> Any:
        return self._act(self._reporter())

    def _done(self, result: Any) -> None:
        state, words = self._show(result)
        self._said.value = ""
        self.guided.steps.end(self.name, state, words)

    def _failed(self, error: BaseException) -> None:
        self._problem.value = self._explain(error)
        self.guided.steps.end(self.name, _end_state(error), getattr(error, "what", str(error)))

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.append(text)
            lines = "<br>".join(escape(note) for note in self._notes)
            self._said.value = _parts.box_html(f'<span style="color:{_parts.SOFT_COLOUR}">{lines}</span>')

    def _draw(self) -> None:
        """Show how the step stands; called after each change of any step."""
        step = self.guided.steps[self.name]
        with self._lock:
            badge = _parts.badge_html(step.state.value, TONES[step.state])
            waits = f" {escape(step.words)}" if step.state is StepState.WAITING else ""
            self._head.value = _parts.box_html(f"<strong>{escape(step.plan.title)}</strong> {badge}{waits}")
            self._go.description = self._labels[self._begun]
            self._go.disabled = not self.guided.steps.is_open(self.name)
            ended = step.state in (StepState.WAITING, StepState.READY, StepState.RUNNING)
            self._next.value = "" if ended else _parts.box_html(escape(self.guided.steps.next_words))
            if step.state in (StepState.WAITING, StepState.READY) and self._begun:
                self._put_back()

    def _put_back(self) -> None:
        """Take away what no longer counts."""
        self._result.value = self._problem.value = ""


def _end_state(error: BaseException) -> StepState:
    if isinstance(error, StoppedError):
        return StepState.CANCELLED
    return StepState.REFUSED if isinstance(error, PreconditionError) else StepState.FAILED
