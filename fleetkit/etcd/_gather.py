"""Asking members at the same time, and never longer than the time limit.

Not a thread pool: a pool waits for its slowest thread, and a name server that is down keeps a thread far past any
deadline of ours.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from fleetkit.core import EtcdError, Results, SettingsError
from fleetkit.etcd._failures import CallError
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits
from fleetkit.etcd.trouble import Trouble

__all__ = ["ask_each", "ask_first"]

T = TypeVar("T")

_GRACE_S = 0.05
"""How long past the deadline an answer is still taken, so that a thread can report its own time-out."""

_Ask = Callable[[Endpoint, float], T]
"""What is asked of one endpoint, with the deadline as a reading of `time.monotonic`."""


def ask_each(endpoints: Sequence[Endpoint], ask: _Ask[T], *, limits: EtcdLimits) -> Results[str, T]:
    """Ask all members at once; each has its answer or its `EtcdError`, by the endpoint's name."""
    answers, deadline = _start(endpoints, ask, limits)
    gathered: dict[str, T | EtcdError] = {}
    while len(gathered) < len(endpoints):
        try:
            name, answer = answers.get(timeout=max(0.0, deadline + _GRACE_S - time.monotonic()))
        except queue.Empty:
            break
        gathered[name] = _take(answer)
    late = f"no answer within {limits.total_s:g} s"
    return Results(
        {
            endpoint.name: gathered.get(endpoint.name, CallError(endpoint, Trouble.SILENT, late, transient=True))
            for endpoint in endpoints
        }
    )


def ask_first(endpoints: Sequence[Endpoint], ask: _Ask[T], *, limits: EtcdLimits, what: str) -> T:
    """Ask all members at once, and take the first answer that is one.

    Raises
    ------
    EtcdError
        When none answered; lists why, member by member.
    """
    answers, deadline = _start(endpoints, ask, limits)
    failed: dict[str, str] = {}
    while len(failed) < len(endpoints):
        try:
            name, answer = answers.get(timeout=max(0.0, deadline + _GRACE_S - time.monotonic()))
        except queue.Empty:
            break
        taken = _take(answer)
        if not isinstance(taken, EtcdError):
            return taken
        failed[name] = taken.reason if isinstance(taken, CallError) else str(taken)
    late = f"no answer within {limits.total_s:g} s"
    shown = "".join(f"\n  - {item.name}: {failed.get(item.name, late)}" for item in endpoints)
    raise EtcdError(f"{what} could not be read from any member", seen=shown, transient=True)


def _start(
    endpoints: Sequence[Endpoint], ask: _Ask[T], limits: EtcdLimits
) -> tuple[queue.SimpleQueue[tuple[str, T | BaseException]], float]:
    if not endpoints:
        raise SettingsError("no endpoint of etcd was given")
    if len({endpoint.name for endpoint in endpoints}) < len(endpoints):
        raise SettingsError("an endpoint was given twice", seen=", ".join(item.name for item in endpoints))
    deadline = time.monotonic() + limits.total_s
    answers: queue.SimpleQueue[tuple[str, T | BaseException]] = queue.SimpleQueue()

    def run(endpoint: Endpoint) -> None:
        try:
            answers.put((endpoint.name, ask(endpoint, deadline)))
        except BaseException as error:  # noqa: BLE001 -- handed to the thread that asked, which raises it
            answers.put((endpoint.name, error))

    for endpoint in endpoints:
        threading.Thread(target=run, args=(endpoint,), name=f"etcd-{endpoint.name}", daemon=True).start()
    return answers, deadline


def _take(answer: T | BaseException) -> T | EtcdError:
    if isinstance(answer, BaseException) and not isinstance(answer, EtcdError):
        raise answer
    return answer
