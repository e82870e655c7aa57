"""Exit codes of the command, and which error earns which."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from fleetkit.core import FleetkitError, NotFoundError, PreconditionError, SettingsError

__all__ = ["OUTCOME_CODES", "ExitCode", "exit_code_of", "join_exit_codes"]


class ExitCode(enum.IntEnum):
    """What the command's end says to the shell."""

    DONE = 0
    """Done, healthy, nothing to do."""
    FAILED = 1
    """Failed, could not be read, busy, or a record that does not verify."""
    WRONG_USE = 2
    """Wrong use, or a bad cluster file."""
    FINDINGS = 3
    """Done, with findings, drift, pending changes or ill health."""
    REFUSED = 4
    """Refused by a guard, or for want of an approval."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""


_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.FAILED,
    ExitCode.REFUSED,
    ExitCode.WRONG_USE,
    ExitCode.FINDINGS,
    ExitCode.DONE,
)


OUTCOME_CODES = {"done": ExitCode.DONE, "findings": ExitCode.FINDINGS, "failed": ExitCode.FAILED}
"""The outcome of what was looked at, to the exit code of the command that looked."""


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code that ``error`` earns."""
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if isinstance(error, PreconditionError):
        return ExitCode.REFUSED
    if isinstance(error, (SettingsError, NotFoundError)):
        return ExitCode.WRONG_USE
    if isinstance(error, (FleetkitError, OSError)):
        return ExitCode.FAILED
    raise TypeError(f"{type(error).__name__} is not an error that the command line ends with") from error


def join_exit_codes(codes: Iterable[int]) -> ExitCode:
    """Return the worst of several exit codes; `ExitCode.DONE` when there are none."""
    seen = {ExitCode(code) for code in codes}
    return next((code for code in _WORST_FIRST if code in seen), ExitCode.DONE)
