"""One run of a sweep: what ``fleetkit run`` does, in a process that a sweep starts, hears and ends.

It is no command that a person types. `fleetkit.workflows.run_sweep` starts it as ``python -m fleetkit.cli.swept_run``,
so that a run that crashes takes no other with it, and gives its memory back.
It reads one JSON document in a line on standard input, and tells one in each line on standard output.
When its input ends, whoever started it is gone, and the run is stopped as by Ctrl-C.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fleetkit.cli._exit import ExitCode, exit_code_of
from fleetkit.cli._sending import find_follower, is_kept
from fleetkit.cli._signing import find_signer
from fleetkit.core import FleetkitError, Redactor

if TYPE_CHECKING:
    from fleetkit.runs import RunEvent
    from fleetkit.runs.following import Follower

__all__ = ["main"]

_GRACE_S = 30.0
"""What is swept changes nothing, so a cell that will not end is given less time than one that may."""


def main() -> int:
    """Run what standard input asks for, and return the run's exit code."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a library prints belongs to people, and would be no document.
    os.dup2(2, 1)
    tell = _teller(told)
    try:
        order = json.loads(sys.stdin.readline())
        threading.Thread(target=_stop_at_end, args=(sys.stdin,), daemon=True).start()
        return _run(order, tell)
    except (FleetkitError, OSError) as error:
        hint = getattr(error, "hint", None) or ""
        reason = getattr(error, "without_hint", None) or str(error)
        code = exit_code_of(error)
        tell({"error": Redactor().redact(reason), "next": Redactor().redact(hint), "exit": int(code)})
        return int(code)


def _teller(stream: IO[str]) -> Callable[[dict[str, Any]], None]:
    lock = threading.Lock()

    def tell(document: dict[str, Any]) -> None:
        try:
            with lock:
                stream.write(json.dumps(document) + "\n")
                stream.flush()
        except BrokenPipeError:
            # Whoever listened is gone; the end of the input says so too, and the record is what counts.
            pass

    return tell


def _stop_at_end(orders: IO[str]) -> None:
    """Wait for the end of the input, and ask this process to stop."""
    orders.read()
    os.kill(os.getpid(), signal.SIGINT)


def _run(order: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> int:
    from fleetkit import runs

    send = find_follower(tell=lambda text: tell({"note": text}))

    def follow(folder: Path) -> AbstractContextManager[Follower]:
        tell({"record": str(folder)})
        return send(folder)

    def on_event(event: RunEvent) -> None:
        if event.kind is runs.RunEventKind.CELL_STARTED:
            tell({"cell": event.cell, "cells": event.cells, "title": event.title})

    stored = runs.execute_notebook(
        runs.NotebookFile(path=Path(order["notebook"])),
        cluster=order["cluster"],
        folder=Path.cwd(),
        parameters=order["parameters"],
        limits=runs.RunLimits(run_s=order["timeout_s"], grace_s=_GRACE_S),
        signer=find_signer(),
        on_event=on_event,
        follow=follow,
    )
    kept = is_kept(stored.folder)
    tell({"kept": kept})
    return int(stored.record.exit or (ExitCode.DONE if kept else ExitCode.FAILED))


if __name__ == "__main__":
    sys.exit(main())
