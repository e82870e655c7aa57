"""One run of a sweep, as a process of its own: started, heard, stopped, and judged by the record that it left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from fleetkit.core import FleetkitError, Redactor
from fleetkit.runs import Outcome, StoredRun, read_run
from fleetkit.runs.sweeps import SweepState, SweptCluster

__all__ = ["RunOrder", "SweptRun"]

_PROGRAM = ("-m", "fleetkit.cli.swept_run")
"""What ``fleetkit run`` does, for a sweep: the one door through which a workflow starts a command of ours."""

_OVERTIME_S = 120.0
"""A run that does not end this long after its time limit hangs, and is killed."""

_LAST_BYTES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What is to be run.

    Attributes
    ----------
    notebook
        The notebook's file.
    parameters
        All of them, the cluster's included.
    timeout_s
        Seconds that the run may take.
    folder
        Folder that holds ``clusters/`` and ``runs/``.
    environ
        The environment of the process.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    timeout_s: float
    folder: Path
    environ: Mapping[str, str]


class SweptRun:
    """The run on one cluster.

    Parameters
    ----------
    cluster
        As it is known before.
    order
        What is to be run.
    """

    def __init__(self, cluster: SweptCluster, order: RunOrder) -> None:
        self._cluster, self._order = cluster, order
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self._hung = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Ask the run to end; asked again, its kernel is killed."""
        with self._lock:
            self._stopped = True
            self._send(signal.SIGINT)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _kill(self) -> None:
        with self._lock:
            self._hung = True
            if self._process is not None:
                # The kernel is no child of this process, but of the one that is killed: it sees that and ends itself.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def run(self, tell: Callable[[str], None]) -> SweptCluster:
        """Run it, and return what became of it; what goes wrong with it is told in that, and never raised.

        Parameters
        ----------
        tell
            Told each step that begins.
        """
        with tempfile.TemporaryFile() as said:
            try:
                process = self._start(said)
            except OSError as error:
                reason = f"no process could be started for it: {error.strerror or error}"
                return replace(self._cluster, state=SweepState.FAILED, reason=reason, next_step="free some memory")
            if process is None:
                return replace(self._cluster, state=SweepState.NOT_RUN)
            clock = threading.Timer(self._order.timeout_s + _OVERTIME_S, self._kill)
            clock.daemon = True
            clock.start()
            try:
                heard = self._hear(process, tell)
            finally:
                clock.cancel()
            said.seek(max(0, said.seek(0, os.SEEK_END) - _LAST_BYTES))
            last_words = Redactor().redact(said.read().decode(errors="replace")).strip()
        return self._judge(heard, code=process.returncode, last_words=last_words)

    def _start(self, said: IO[bytes]) -> subprocess.Popen[str] | None:
        """Start the process; None where the sweep was stopped meanwhile."""
        order = self._order
        with self._lock:
            if self._stopped:
                return None
            self._process = subprocess.Popen(
                [sys.executable, *_PROGRAM],
                cwd=order.folder,
                env=dict(order.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                encoding="utf-8",
                # A terminal's Ctrl-C reaches the sweep alone, which asks each run to end.
                start_new_session=True,
            )
            return self._process

    def _hear(self, process: subprocess.Popen[str], tell: Callable[[str], None]) -> dict[str, Any]:
        """Take what the process tells until it ends; its input stays open for as long, since its end ends the run."""
        heard: dict[str, Any] = {}
        assert process.stdin is not None  # noqa: S101 -- for the type checker: both are pipes
        assert process.stdout is not None  # noqa: S101 -- the same
        order = {
            "notebook": str(self._order.notebook),
            "cluster": self._cluster.cluster,
            "parameters": dict(self._order.parameters),
            "timeout_s": self._order.timeout_s,
        }
        # One that died at once reads no order, and its end is judged below: the pipe may break when it is closed, too.
        with process.stdout, contextlib.suppress(BrokenPipeError), process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                if not line.endswith("\n"):
                    break  # killed in the middle of a word
                document = json.loads(line)
                heard.update(document)
                if "cell" in document:
                    tell(f"[{document['cell']}/{document['cells']}] {document['title']}")
            process.wait()
        return heard

    def _judge(self, heard: Mapping[str, Any], *, code: int, last_words: str) -> SweptCluster:
        if "record" in heard:
            folder = Path(heard["record"])
            known = replace(self._cluster, record=str(folder.relative_to(self._order.folder)))
            try:
                return _read(known, read_run(folder), heard=heard, code=code, last_words=last_words, hung=self._hung)
            except FleetkitError as error:
                return replace(known, state=SweepState.FAILED, reason=error.without_hint, next_step=error.hint or "")
        if "error" in heard:
            state = {2: SweepState.UNUSABLE, 4: SweepState.REFUSED}.get(heard["exit"], SweepState.FAILED)
            return replace(self._cluster, state=state, reason=heard["error"], next_step=heard["next"])
        if self._stopped:
            return replace(self._cluster, state=SweepState.STOPPED, reason="stopped before its record was begun")
        return replace(self._cluster, state=SweepState.FAILED, reason=_tell_death(code, last_words))


def _read(
    known: SweptCluster, stored: StoredRun, *, heard: Mapping[str, Any], code: int, last_words: str, hung: bool
) -> SweptCluster:
    record = stored.record
    swept = replace(
        known,
        state=SweepState.of_run(record.outcome, record.exit or 0),
        summary=record.summary,
        took_s=record.took_s,
    )
    if hung:
        return replace(swept, state=SweepState.FAILED, reason="it did not end after its time limit, and was killed")
    if record.outcome in (Outcome.ABANDONED, Outcome.RUNNING):
        return replace(swept, reason=_tell_death(code, last_words))
    if record.error is not None:
        reason, _, hint = record.error.message.partition("\n  next: ")
        where = f" in “{record.error.title}”" if record.error.title else ""
        return replace(swept, reason=f"{record.error.kind}{where}: {reason}", next_step=hint)
    if heard.get("kept") is False:
        reason = heard.get("note") or "its record could not be sent to the bucket of FLEETKIT_RUNS"
        return replace(swept, state=SweepState.FAILED, reason=reason, next_step="fleetkit runs push sends it")
    if swept.state is SweepState.FAILED:
        return replace(swept, next_step="its report tells what could not be told or done; mend that, and sweep again")
    return swept


def _tell_death(code: int, last_words: str) -> str:
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    last = last_words.splitlines()[-1:]
    return f"the process of the run ended without a word ({how})" + "".join(f"; it said last: {one}" for one in last)
