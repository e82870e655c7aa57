"""Sending one message to several destinations at the same time; what one does holds up no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import SYSTEM_CLOCK, FleetkitError, Results, SettingsError, call_each
from fleetkit.notice.destinations import Destination, NoticeLimits
from fleetkit.notice.message import Message

__all__ = ["Sent", "send_notice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A destination took the message.

    Attributes
    ----------
    took_s
        Seconds until it did.
    """

    took_s: float


def send_notice(
    message: Message, destinations: Sequence[Destination], *, limits: NoticeLimits | None = None
) -> Results[str, Sent]:
    """Send a message, and wait until each destination took it, refused it or used up its time.

    Returns
    -------
    Results
        Name of the destination to `Sent`, or to the error that says why it was not taken.

    Raises
    ------
    SettingsError
        When two destinations have one name.
    """
    limits = limits or NoticeLimits()
    by_name = {one.name: one for one in destinations}
    if len(by_name) < len(destinations):
        raise SettingsError("two destinations have one name", seen=", ".join(one.name for one in destinations))

    def send(name: str) -> Sent:
        started = SYSTEM_CLOCK.monotonic()
        by_name[name].send(message, timeout_s=limits.timeout_s)
        return Sent(took_s=SYSTEM_CLOCK.monotonic() - started)

    return call_each(list(by_name), send, catch=FleetkitError, at_once=limits.at_once)
