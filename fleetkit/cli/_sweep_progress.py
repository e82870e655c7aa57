"""A sweep shown while it goes on: a bar and the runs under way in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from fleetkit.cli._output import print_note
from fleetkit.core import format_duration
from fleetkit.runs.sweeps import SweepState, SweptCluster
from fleetkit.views import tell_swept

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from fleetkit.workflows import SweepEvent

__all__ = ["SweepProgress"]


class SweepProgress:
    """Shows a sweep for the length of a ``with`` block; hand its `hear` to the workflow.

    Parameters
    ----------
    total
        How many clusters there are.
    quiet
        Whether only those are told of that did not end well.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total, self._quiet = total, quiet
        self._bar: Progress | None = None
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> SweepProgress:
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TimeElapsedColumn(),
                BarColumn(bar_width=20),
                TextColumn("{task.description}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._all = self._bar.add_task(f"0 of {self._total} clusters", total=max(1, self._total))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def hear(self, event: SweepEvent) -> None:
        """Take what the sweep tells."""
        if event.stopping:
            self._say("stopping: each run under way has its cell's time to end; Ctrl-C again kills their kernels")
        elif event.cluster is not None:
            self._hear_cluster(event.cluster, event)
        if self._bar is not None and self._all is not None:
            self._bar.update(self._all, completed=event.ended, description=f"{event.ended} of {event.total} clusters")

    def _hear_cluster(self, one: SweptCluster, event: SweepEvent) -> None:
        if one.state in (SweepState.RUNNING, SweepState.NOT_RUN):
            self._show_step(one, event.step or "starts")
            return
        if self._bar is not None and one.cluster in self._tasks:
            self._bar.remove_task(self._tasks.pop(one.cluster))
        if not self._quiet or not one.state.has_answer:
            took = "" if one.took_s is None else f" after {format_duration(one.took_s)}"
            told = tell_swept(one)
            self._say(f"[{event.ended}/{event.total}] {one.cluster}: {one.state}{took}{f': {told}' if told else ''}")

    def _show_step(self, one: SweptCluster, step: str) -> None:
        if self._bar is None:
            # Steps of many clusters at once are no story to follow in a log.
            return
        if one.cluster not in self._tasks:
            self._tasks[one.cluster] = self._bar.add_task("", total=None)
        self._bar.update(self._tasks[one.cluster], description=f"{one.cluster} {step}")

    def _say(self, text: str) -> None:
        if self._bar is None:
            print_note(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
