"""Time as fleetkit writes it: always UTC, always with its zone, and injectable for tests."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol

__all__ = ["SYSTEM_CLOCK", "Clock", "format_duration", "format_utc", "parse_utc", "utc_now"]


class Clock(Protocol):
    """What a wait needs of time: a monotonic reading and a way to let time pass."""

    def monotonic(self) -> float:
        """Return seconds since some fixed point; never goes backwards."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""


class _SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK: Clock = _SystemClock()
"""The computer's own clock."""


def utc_now() -> dt.datetime:
    """Return the present moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def format_utc(moment: dt.datetime) -> str:
    """Write an aware moment as ``2026-03-01T04:05:06Z``.

    Raises
    ------
    ValueError
        When ``moment`` carries no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be written as UTC")
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_utc(text: str) -> dt.datetime:
    """Read what `format_utc` wrote; any ISO 8601 moment with a zone is understood.

    Raises
    ------
    ValueError
        When ``text`` is not such a moment, or carries no zone.
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} carries no time zone")
    return moment.astimezone(dt.UTC)


def format_duration(seconds: float) -> str:
    """Write a span for people: ``850 ms``, ``42 s``, ``3 min 05 s``, ``2 h 04 min``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
