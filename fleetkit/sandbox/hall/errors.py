"""What a hall raises on purpose.

::

    FleetkitError
    ├── PreconditionError
    │   └── HallUnavailableError   this computer does not allow what a hall needs; names the step
    └── ServiceError
        └── HallError              a hall that runs refused or failed to do one thing
"""

from __future__ import annotations

from fleetkit.core import PreconditionError, ServiceError

__all__ = ["HallError", "HallUnavailableError"]


class HallUnavailableError(PreconditionError):
    """What a hall needs is not allowed on this computer.

    Parameters
    ----------
    step
        Name of the step that failed, one of those that the probe goes through.
    """

    def __init__(self, what: str, *, step: str, seen: str | None = None, hint: str | None = None) -> None:
        self.step = step
        super().__init__(what, seen=seen, hint=hint)


class HallError(ServiceError):
    """A running hall refused or failed to do what it was asked."""
