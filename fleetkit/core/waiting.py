"""Waiting, in one place: a deadline, an interval, an injected clock, and a reason why not yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fleetkit.core.clock import SYSTEM_CLOCK, Clock, format_duration
from fleetkit.core.errors import WaitTimeoutError

__all__ = ["NotYet", "Patience", "wait_until"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, and how often to look.

    Attributes
    ----------
    deadline_s
        Seconds after which the wait gives up.
    interval_s
        Seconds between two looks.
    """

    deadline_s: float
    interval_s: float = 1.0

    def __post_init__(self) -> None:
        if self.deadline_s < 0 or self.interval_s <= 0:
            raise ValueError(
                f"a wait needs deadline_s >= 0 and interval_s > 0, not {self.deadline_s} and {self.interval_s}"
            )


@dataclass(frozen=True, slots=True)
class NotYet(Generic[T]):
    """What a look returns while its condition does not hold.

    Attributes
    ----------
    reason
        What is still missing, for the person who waits and for the error at the deadline.
    """

    reason: str


def wait_until(
    look: Callable[[], T | NotYet[T]],
    *,
    what: str,
    patience: Patience,
    clock: Clock = SYSTEM_CLOCK,
    on_wait: Callable[[str], None] | None = None,
    hint: str | None = None,
) -> T:
    """Call ``look`` until it returns something else than `NotYet`, and return that.

    Parameters
    ----------
    look
        Looks once; it is called at least once, and once more at the deadline.
    what
        What is waited for, as it is to stand in the error: ``"etcd to have a quorum"``.
    patience
        Deadline and interval, in seconds.
    on_wait
        Told the reason after each look that was not yet; meant for progress.
    hint
        The next step, carried by the error.

    Raises
    ------
    WaitTimeoutError
        When the deadline passes; ``seen`` is the last reason.
    """
    end = clock.monotonic() + patience.deadline_s
    while True:
        answer = look()
        if not isinstance(answer, NotYet):
            return answer
        if on_wait is not None:
            on_wait(answer.reason)
        left = end - clock.monotonic()
        if left <= 0:
            raise WaitTimeoutError(
                f"waited {format_duration(patience.deadline_s)} for {what}", seen=answer.reason, hint=hint
            )
        clock.sleep(min(patience.interval_s, left))
