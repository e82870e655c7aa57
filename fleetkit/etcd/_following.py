"""Listening to a member for as long as somebody wants, though connections break and members fall silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from fleetkit.core import EtcdError
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._changing import find_member
from fleetkit.etcd._failures import CallError
from fleetkit.etcd._http import Call
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.stored_keys import KeyEvent
from fleetkit.etcd.trouble import Trouble

__all__ = ["IDLE_S", "Heard", "Listen", "follow"]

IDLE_S = 10.0
"""Seconds of silence after which a member is listened to anew: it may have been cut off, and nobody would know."""

_PATIENCE_S = 60.0
"""Seconds after the last that was heard in which another member, or the same one, may be found again."""

_PAUSE_S = 0.2

Heard = tuple[int, tuple[KeyEvent, ...]]
"""After which revision to go on, and what has happened up to there."""

Listen = Callable[[Call, int], Iterator[Heard]]
"""Listens over one connection from after a revision on, 0 for now, and returns or fails when it hears no more."""


def follow(
    endpoints: Sequence[Endpoint],
    listen: Listen,
    *,
    stop: threading.Event,
    since: int,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
) -> Iterator[KeyEvent]:
    """Yield what is heard, until ``stop`` is set.

    Raises
    ------
    EtcdError
        When no member can be asked from the start, or none for a minute later on.
    SettingsError
        When the TLS files cannot be used.
    """
    context, limit_s = context_for(endpoints, tls), (limits or EtcdLimits()).total_s
    cursor, heard_at = since, float("-inf")
    while not stop.is_set():
        heard = False
        try:
            # One that sees no leader hears of nothing, and would be listened to in vain.
            member = find_member(endpoints, tls=tls, limits=limits, what="who could be listened to")
            with Call(member, context=context, deadline=time.monotonic() + limit_s) as call:
                for reached, events in listen(call, cursor):
                    cursor, heard, heard_at = reached, True, time.monotonic()
                    yield from events
                    if stop.is_set():
                        return
        except EtcdError as error:
            is_idle = heard and isinstance(error, CallError) and error.trouble is Trouble.SILENT
            # Whoever was never heard is told at once; a member that starts anew, or an election, is waited for.
            if not is_idle and (not error.transient or time.monotonic() > heard_at + _PATIENCE_S):
                raise
        stop.wait(_PAUSE_S)
