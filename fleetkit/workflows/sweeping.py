"""Sweep: one notebook over many clusters, a few at a time, each in a process and with a record of its own.

A cluster that fails stops no other. What is known so far is on disk at every moment, so that a sweep that was killed
says which clusters were done, and another one runs those without an answer alone.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fleetkit.aws import CallTally, read_tally
from fleetkit.core import utc_now
from fleetkit.runs import EventKind
from fleetkit.runs.folders import hold_folder
from fleetkit.runs.sweeps import SweepRecord, SweepState, SweptCluster, make_sweep_folder, render_sweep, write_sweep
from fleetkit.views import draw_sweep, tell_swept
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._sweep_signals import hearing_stops
from fleetkit.workflows._swept_run import RunOrder, SweptRun
from fleetkit.workflows.swept import ClusterSweep, PreparedSweep

__all__ = ["SweepEvent", "run_sweep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEvent:
    """One thing that happened while a sweep went on.

    Attributes
    ----------
    cluster
        The cluster as it is now.
    step
        The step that its run began; empty where the run itself began or ended.
    ended, total
        How many clusters need no more work, and how many there are.
    stopping
        Whether the sweep was asked to stop; no cluster is told of then.
    """

    cluster: SweptCluster | None = None
    step: str = ""
    ended: int = 0
    total: int = 0
    stopping: bool = False


_Told = tuple[int, SweptCluster | str] | None
"""What a thread tells: the place of its cluster, and that as it is now or a step; None for a stop."""


def run_sweep(
    prepared: PreparedSweep, *, report: Reporter | None = None, on_event: Callable[[SweepEvent], None] | None = None
) -> ClusterSweep:
    """Run what was prepared, and return what became of it; a run that fails is told in that and raises nothing.

    Ctrl-C asks each run under way to end, and lets no other begin; a second one kills their kernels.

    Parameters
    ----------
    report
        Told a line for each cluster at its end, and what is to stand in the record.
    on_event
        Told of the progress instead, in the thread that calls this.

    Raises
    ------
    SettingsError, FleetkitError
        When the sweep's own record cannot be written.
    """
    told = report or Reporter()
    folder = make_sweep_folder(prepared.home, prepared.record)
    record = replace(prepared.record, id=folder.name, started=utc_now())
    with hold_folder(folder):
        going = _Sweeping(folder, record, on_event or (lambda event: _note(told, event)))
        runs = {
            place: SweptRun(one, _order(prepared, one, tally=going.tally(one)))
            for place, one in enumerate(record.clusters)
            if one.state is SweepState.NOT_RUN
        }
        swept = ClusterSweep(folder=folder, record=going.through(runs))
    told.record(EventKind.FACT, {"about": "sweep", **swept.to_json()})
    return swept


def _note(told: Reporter, event: SweepEvent) -> None:
    if event.stopping:
        told.note("stopping: each run under way has its cell's time to end")
    elif event.cluster is not None and event.cluster.state not in (SweepState.NOT_RUN, SweepState.RUNNING):
        one = event.cluster
        words = tell_swept(one)
        told.note(f"[{event.ended}/{event.total}] {one.cluster}: {one.state}{f': {words}' if words else ''}")


def _order(prepared: PreparedSweep, one: SweptCluster, *, tally: Path) -> RunOrder:
    record = prepared.record
    usual = one.file == f"clusters/{one.cluster}.toml"
    budget = {"FLEETKIT_AWS_RATE": f"{record.rate_per_s:g}", "FLEETKIT_AWS_TALLY": str(tally)}
    return RunOrder(
        notebook=prepared.notebook.path,
        parameters={**record.parameters, "cluster": one.cluster if usual else one.file},
        timeout_s=record.timeout_s,
        folder=prepared.home,
        environ={**os.environ, **budget},
    )


class _Sweeping:
    """A sweep under way: threads drive the runs and tell of them, and this, in one thread, keeps what is known."""

    def __init__(self, folder: Path, record: SweepRecord, on_event: Callable[[SweepEvent], None]) -> None:
        self._folder, self._record, self._on_event = folder, record, on_event
        self._clusters = list(record.clusters)
        # May be put into by the handler of a signal, whatever this thread is at.
        self._told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        self._stopping = False

    def tally(self, one: SweptCluster) -> Path:
        """Return the file into which the calls of a cluster's run are added up."""
        return self._folder / "calls" / f"{one.cluster}.json"

    def through(self, runs: Mapping[int, SweptRun]) -> SweepRecord:
        """Run all, and return what is known at the end."""
        with hearing_stops(lambda: self._told.put(None)), self._driving(runs):
            self._write()
            left = len(runs)
            while left:
                told = self._told.get()
                if told is None:
                    self._stop(runs)
                else:
                    left -= self._learn(*told)
        self._record = replace(self._record, ended=utc_now(), interrupted=self._stopping)
        self._write(picture=True)
        with contextlib.suppress(OSError):  # never made where nobody called AWS
            (self._folder / "calls").rmdir()
        return self._record

    @contextlib.contextmanager
    def _driving(self, runs: Mapping[int, SweptRun]) -> Iterator[None]:
        """Drive the runs in threads for the length of the block; where that breaks off, what is under way is ended."""
        waiting: queue.SimpleQueue[tuple[int, SweptRun]] = queue.SimpleQueue()
        for item in runs.items():
            waiting.put(item)
        count = min(self._record.at_once, len(runs))
        threads = [threading.Thread(target=self._drive, args=(waiting,), name="sweep") for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        except BaseException:
            for run in runs.values():
                run.stop()
            raise
        finally:
            for thread in threads:
                thread.join()

    def _drive(self, waiting: queue.SimpleQueue[tuple[int, SweptRun]]) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                place, run = waiting.get_nowait()
                before = self._clusters[place]
                self._told.put((place, replace(before, state=SweepState.RUNNING)))
                ended = before
                try:
                    ended = run.run(lambda step, place=place: self._told.put((place, step)))  # type: ignore[misc]
                except Exception as error:  # noqa: BLE001 -- a defect in one run must not end the others, and is told
                    reason = f"{type(error).__name__}: {error}"
                    ended = replace(before, state=SweepState.FAILED, reason=reason, next_step="report this defect")
                finally:
                    self._told.put((place, self._count(ended)))

    def _count(self, ended: SweptCluster) -> SweptCluster:
        file = self.tally(ended)
        if ended.state is SweepState.NOT_RUN:
            return ended
        # Without a file nothing was asked: each request is counted before it is sent.
        found = read_tally(file) or CallTally()
        with contextlib.suppress(OSError):  # one that cannot go is in nobody's way, and must not keep the end untold
            file.unlink()
        return replace(ended, calls=found.calls, waited_s=found.waited_s)

    def _stop(self, runs: Mapping[int, SweptRun]) -> None:
        self._stopping = True
        self._on_event(SweepEvent(stopping=True, ended=self._ended(), total=len(self._clusters)))
        for run in runs.values():
            run.stop()

    def _learn(self, place: int, told: SweptCluster | str) -> int:
        """Take what a thread told; return how many runs ended with that."""
        step = told if isinstance(told, str) else ""
        if isinstance(told, SweptCluster):
            self._clusters[place] = told
            self._write()
        one = self._clusters[place]
        if not (self._stopping and one.state in (SweepState.NOT_RUN, SweepState.RUNNING)):
            self._on_event(SweepEvent(cluster=one, step=step, ended=self._ended(), total=len(self._clusters)))
        return int(not step and one.state is not SweepState.RUNNING)

    def _ended(self) -> int:
        return sum(one.state not in (SweepState.NOT_RUN, SweepState.RUNNING) for one in self._clusters)

    def _write(self, *, picture: bool = False) -> None:
        self._record = replace(self._record, clusters=tuple(self._clusters))
        drawn = draw_sweep(self._record) if picture else ""
        write_sweep(self._folder, self._record, page=render_sweep(self._record, picture=drawn))
