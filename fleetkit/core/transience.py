"""Which errors may pass by themselves."""

from __future__ import annotations

from fleetkit.core.errors import BusyError, ServiceError

__all__ = ["is_transient"]


def is_transient(error: BaseException) -> bool:
    """Return whether the same may well succeed when it is tried again.

    So it is where a service said so, or somebody else was at work; also where that was the cause of a failed step.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BusyError) or (isinstance(cause, ServiceError) and cause.transient):
            return True
        cause = cause.__cause__
    return False
