"""Long work shown while it goes on: a bar in a terminal, plain lines elsewhere. Always on standard error."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from fleetkit.cli._output import print_note
from fleetkit.core import SYSTEM_CLOCK
from fleetkit.views import ApplyLog, ApplyView, Throttle
from fleetkit.workflows import Reporter

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from fleetkit.terraform import Event, Plan

__all__ = ["ApplyProgress", "note_reporter"]


def note_reporter() -> Reporter:
    """Return a reporter that prints notes and no events."""
    return Reporter(note=print_note)


class ApplyProgress:
    """Shows an apply of ``plan`` for the length of a ``with`` block; hand its `reporter` to the workflow."""

    def __init__(self, plan: Plan) -> None:
        self._log = ApplyLog(ApplyView.for_plan(plan))
        self._throttle = Throttle()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    @property
    def reporter(self) -> Reporter:
        """Who is to be told."""
        return Reporter(note=self._note, event=self._event)

    def __enter__(self) -> ApplyProgress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TimeElapsedColumn(),
                BarColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("starting", total=max(1, self._log.view.total))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _note(self, text: str) -> None:
        if self._bar is None:
            print_note(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False)

    def _event(self, event: Event) -> None:
        lines = self._log.lines_for(event)
        if self._bar is None or self._task is None:
            for line in lines:
                print_note(line)
        elif self._throttle.is_due() or self._log.view.ended:
            headline = self._log.view.headline(SYSTEM_CLOCK.monotonic())
            self._bar.update(self._task, completed=self._log.view.fraction * self._log.view.total, description=headline)
