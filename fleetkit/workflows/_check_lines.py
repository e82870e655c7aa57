"""A line of the preflight: what was looked at, how it stands, what was seen, how to mend it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from dataclasses import dataclass

from fleetkit.core import FleetkitError
from fleetkit.workflows._workspace import Workspace

__all__ = ["Check", "CheckLine", "CheckStatus", "failure", "ok", "unread", "warning"]


class CheckStatus(enum.StrEnum):
    """How a line stands."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One thing that was looked at.

    Attributes
    ----------
    check_id
        Name of the check, fixed: programs may go by it.
    status
        ok, warning or failure.
    seen
        What was seen.
    mend
        What to do about it; empty when it is ok.
    unread
        Whether it could not be looked at, so that nothing is known.
    """

    check_id: str
    status: CheckStatus
    seen: str
    mend: str = ""
    unread: bool = False

    def as_unread(self, *, soft: bool) -> CheckLine:
        """Return the line as one that could not be looked at; only a warning where that is ``soft``."""
        status = CheckStatus.WARNING if soft else CheckStatus.FAILURE
        return dataclasses.replace(self, status=status, unread=True)


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at.

    Attributes
    ----------
    check_id
        Its name.
    run
        Looks, and returns its lines; an error of fleetkit's means that it could not look.
    soft
        Whether being unable to look is only a warning.
    needs_aws
        Whether AWS is asked.
    """

    check_id: str
    run: Callable[[Workspace], tuple[CheckLine, ...]]
    soft: bool = False
    needs_aws: bool = True


def ok(check_id: str, seen: str) -> CheckLine:
    """Return a line on which nothing is to do."""
    return CheckLine(check_id=check_id, status=CheckStatus.OK, seen=seen)


def warning(check_id: str, seen: str, *, mend: str) -> CheckLine:
    """Return a line that should be looked at."""
    return CheckLine(check_id=check_id, status=CheckStatus.WARNING, seen=seen, mend=mend)


def failure(check_id: str, seen: str, *, mend: str) -> CheckLine:
    """Return a line that must be mended."""
    return CheckLine(check_id=check_id, status=CheckStatus.FAILURE, seen=seen, mend=mend)


def unread(check_id: str, error: FleetkitError, *, soft: bool) -> CheckLine:
    """Return the line of a check that could not look."""
    seen = error.without_hint
    return failure(check_id, seen, mend=error.hint or "repeat; if it stays, look into it").as_unread(soft=soft)
