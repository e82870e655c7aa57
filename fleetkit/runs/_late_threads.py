"""Threads that a notebook left behind: what they still show belongs to the record, so its end waits for them.

A widget's state is what the kernel told last. A kernel that is stopped in the middle of a thread leaves a bar at
eleven of thirty, and nothing says that it went on.
"""

from __future__ import annotations

import ast
import contextlib
import queue
import time
from typing import Any

from nbclient.util import run_sync

from fleetkit.core import NotYet, Patience, WaitTimeoutError, format_duration, wait_until
from fleetkit.runs._session import RunSession

__all__ = ["await_widget_threads", "list_threads"]

_THREADS = "[thread.ident for thread in __import__('threading').enumerate()]"
_QUIET_S = 2.0
"""A thread that shows nothing for so long, as one that keeps a connection, is not waited for."""
_ASK_EVERY_S = 0.1
_ANSWER_WITHIN_S = 10.0
_SHOWN = ("comm_open", "comm_msg", "stream", "display_data", "update_display_data")


def list_threads(client: Any) -> set[int]:
    """Return the threads that the kernel of ``client`` has now."""
    threads, _shown = _ask(client, None)
    return threads


def await_widget_threads(client: Any, session: RunSession, *, known: set[int]) -> None:
    """Take in what threads still show in widgets, until they have ended, fall silent, or take too long.

    Parameters
    ----------
    known
        The kernel's own threads.
    """
    if not client.widget_state:
        return
    place = max(index for index, cell in enumerate(client.nb.cells) if cell.cell_type == "code")
    shown_s, told = time.monotonic(), False

    def look() -> bool | NotYet[bool]:
        nonlocal shown_s, told
        threads, shown = _ask(client, place)
        if threads <= known or session.stopper.reason:
            return True
        if shown:
            shown_s = time.monotonic()
            if not told:
                session.tell_waiting("waiting for a thread that still updates a widget")
                told = True
        return time.monotonic() - shown_s > _QUIET_S or NotYet("it goes on")

    patience = Patience(deadline_s=session.threads_s, interval_s=_ASK_EVERY_S)
    try:
        wait_until(look, what="the notebook's threads to end", patience=patience)
    except WaitTimeoutError:
        limit = format_duration(session.threads_s)
        session.tell_waiting(f"a thread still updates a widget after {limit}: what it shows later is not recorded")


async def _async_ask(client: Any, place: int | None) -> tuple[set[int], bool]:
    """Return the kernel's threads, and whether something was shown before it answered.

    What was shown goes into the cell at ``place``.
    """
    asked = client.kc.execute("", silent=True, store_history=False, user_expressions={"threads": _THREADS})
    shown = False
    with contextlib.suppress(queue.Empty):  # silent for so long, it is busy or dead: its reply, or none, says which
        # The end of the question comes after all that was shown before it, so nothing of that is missed.
        while not _is_end(message := await client.kc.iopub_channel.get_msg(timeout=_ANSWER_WITHIN_S), asked):
            if place is not None and message["msg_type"] in _SHOWN:
                client.process_message(message, client.nb.cells[place], place)
                shown = True
    reply = await client.async_wait_for_reply(asked)
    answer = reply["content"].get("user_expressions", {}).get("threads", {})
    # A kernel of another language has none that we could know of.
    found = set(ast.literal_eval(answer["data"]["text/plain"])) if answer.get("status") == "ok" else set()
    return found, shown


def _is_end(message: dict[str, Any], asked: str) -> bool:
    is_idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
    return bool(is_idle and message["parent_header"].get("msg_id") == asked)


_ask = run_sync(_async_ask)
