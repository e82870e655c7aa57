"""Sending what waits: to each destination the newest of each kind, and no further where it is not taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fleetkit.config import Cluster
from fleetkit.core import FleetkitError, call_each, format_utc
from fleetkit.notice import Destination, Message, NoticeLimits
from fleetkit.schedule._notice_files import tell_error
from fleetkit.schedule._wording import combine_messages
from fleetkit.schedule.destinations import open_destinations
from fleetkit.schedule.outbox import Outbox, WaitingNotice

__all__ = ["Delivery", "deliver_waiting"]

_OLDEST = dt.timedelta(days=7)
_MOST_WAITING = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of one destination.

    Attributes
    ----------
    destination
        Its name.
    taken, waiting
        How many notices it took now, and how many it has not taken yet.
    given_up
        Titles of those that are tried no more.
    reason
        Why it did not take all; empty where it did.
    """

    destination: str
    taken: int = 0
    waiting: int = 0
    given_up: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        parts = [f"{self.taken} taken"] if self.taken else []
        parts += [f"{self.waiting} not taken, kept and tried again"] if self.waiting else []
        parts += [f"given up: {'; '.join(self.given_up)}"] if self.given_up else []
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.destination}: {', '.join(parts) or 'nothing waits'}{why}"


def deliver_waiting(
    outbox: Outbox,
    cluster: Cluster,
    *,
    unkept: Sequence[WaitingNotice] = (),
    folder: Path,
    environ: Mapping[str, str],
    now: dt.datetime,
) -> tuple[Delivery, ...]:
    """Send what waits for the destinations of a cluster, to several at the same time.

    Parameters
    ----------
    unkept
        Notices that could not be written down, and are sent all the same.
    """
    waiting = [*outbox.read_waiting(cluster.name).ok.values(), *unkept]
    limits = NoticeLimits(timeout_s=float(cluster.notice.timeout_s))
    awaited = dict.fromkeys(one.destination for one in waiting)
    sorted_out = {name: _sort_out(outbox, cluster, name, waiting, now) for name in awaited}
    names = [name for name in cluster.notice.names if name in sorted_out and sorted_out[name].left]
    with open_destinations(cluster, names, folder=folder, environ=environ) as opened:

        def send(name: str) -> Delivery:
            return _send_all(outbox, opened[name], sorted_out[name], limits=limits, now=now)

        sent = call_each(names, send, catch=OSError, at_once=limits.at_once)
    return tuple(
        replace(sent.ok.get(name, _failed(name, sent.failed.get(name), one)), given_up=one.given_up)
        for name, one in sorted_out.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """What waits for one destination, the oldest first; and what is tried no more, and why."""

    name: str
    left: tuple[WaitingNotice, ...]
    given_up: tuple[str, ...]
    why: str


def _sort_out(
    outbox: Outbox, cluster: Cluster, name: str, waiting: Sequence[WaitingNotice], now: dt.datetime
) -> _Waiting:
    """Give up what is too old, too much, or for nobody any more."""
    mine = [one for one in waiting if one.destination == name]
    if name not in cluster.notice.names:
        for one in mine:
            outbox.remove(one)
        why = f"the cluster file of {cluster.name} has no such destination any more"
        return _Waiting(name=name, left=(), given_up=tuple(one.message.title for one in mine), why=why)
    too_many = mine[:-_MOST_WAITING]
    gone = [one for one in mine if (one in too_many or now - one.made > _OLDEST) and _give_up(outbox, one)]
    why = f"tried {gone[-1].attempts} times since {format_utc(gone[-1].made)}" if gone else ""
    return _Waiting(
        name=name,
        left=tuple(one for one in mine if one not in gone),
        given_up=tuple(one.message.title for one in gone),
        why=why,
    )


def _give_up(outbox: Outbox, notice: WaitingNotice) -> bool:
    """Give a notice up; where that cannot be written down it waits on, for others must not be left untold by it."""
    try:
        outbox.give_up(notice)
    except OSError:
        return False
    return True


def _failed(name: str, error: Exception | None, waiting: _Waiting) -> Delivery:
    reason = waiting.why if error is None else f"{type(error).__name__}: {error}"
    return Delivery(destination=name, waiting=len(waiting.left), reason=reason)


def _send_all(
    outbox: Outbox, destination: Destination | Exception, waiting: _Waiting, *, limits: NoticeLimits, now: dt.datetime
) -> Delivery:
    """Send to one destination until it has taken all, or does not take one."""
    left = list(waiting.left)
    about = dict.fromkeys(one.about for one in reversed(left))
    for kind in about:
        parcel = [one for one in left if one.about == kind]
        reason = _send_parcel(outbox, destination, parcel, limits=limits)
        if reason:
            for one in left:
                _note_failure(outbox, one, reason, now)
            taken = len(waiting.left) - len(left)
            return Delivery(destination=waiting.name, taken=taken, waiting=len(left), reason=reason)
        left = [one for one in left if one.about != kind]
    return Delivery(destination=waiting.name, taken=len(waiting.left), reason=waiting.why)


def _send_parcel(
    outbox: Outbox, destination: Destination | Exception, parcel: Sequence[WaitingNotice], *, limits: NoticeLimits
) -> str:
    """Send what waits about the same as one message; return why that failed, or nothing."""
    if isinstance(destination, Exception):
        return tell_error(destination)
    lost = [
        one
        for one in outbox.read_given_up(parcel[0].cluster).ok.values()
        if one.destination == parcel[0].destination and one.about == parcel[0].about
    ]
    message = combine_messages([_dated(one) for one in parcel], given_up=[_dated(one) for one in lost])
    try:
        destination.send(message, timeout_s=limits.timeout_s)
    except FleetkitError as error:
        return tell_error(error)
    # Only now: whoever is cut off before this sends it once more, and nobody is left untold.
    for one in (*parcel, *lost):
        outbox.remove(one)
    return ""


def _dated(notice: WaitingNotice) -> tuple[str, Message]:
    return format_utc(notice.made), notice.message


def _note_failure(outbox: Outbox, notice: WaitingNotice, reason: str, now: dt.datetime) -> None:
    if outbox.is_kept(notice):
        outbox.put(notice.failed(reason, at=now))
