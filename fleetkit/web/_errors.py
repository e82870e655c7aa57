"""How an error is shown on a page: what failed, what was seen, what to do next; and which status it earns."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from fleetkit.core import (
    ApprovalMissingError,
    BusyError,
    FleetkitError,
    NotFoundError,
    PreconditionError,
    ServiceError,
    SettingsError,
    WaitTimeoutError,
)

__all__ = ["DEFECT", "show_errors", "status_of"]

_STATUSES: tuple[tuple[type[FleetkitError], HTTPStatus], ...] = (
    (ApprovalMissingError, HTTPStatus.FORBIDDEN),
    (PreconditionError, HTTPStatus.CONFLICT),
    (BusyError, HTTPStatus.CONFLICT),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (SettingsError, HTTPStatus.BAD_REQUEST),
    (WaitTimeoutError, HTTPStatus.GATEWAY_TIMEOUT),
    (ServiceError, HTTPStatus.BAD_GATEWAY),
)

DEFECT = FleetkitError(
    "this page failed in a way that it does not know",
    hint="the terminal in which it was started says where the report of it lies",
)
"""What is told of an error that nobody foresaw."""


def status_of(error: FleetkitError) -> HTTPStatus:
    """Return the status of an answer that tells of an error."""
    found = (status for kind, status in _STATUSES if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def show_errors(app: Flask, *, tell_defect: Callable[[Exception], None]) -> None:
    """Have an application show every error as a page, and never how it came about.

    Parameters
    ----------
    tell_defect
        Told of an error that nobody foresaw.
    """

    def show(error: FleetkitError, status: int) -> tuple[str, int]:
        return render_template("error.html", error=error, status=status), status

    def show_ours(error: FleetkitError) -> tuple[str, int]:
        return show(error, status_of(error))

    def show_http(error: HTTPException) -> tuple[str, int] | HTTPException:
        if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return error
        return show(FleetkitError(error.name.lower(), seen=error.description), error.code)

    def show_defect(error: Exception) -> tuple[str, int]:
        tell_defect(error)
        return show(DEFECT, HTTPStatus.INTERNAL_SERVER_ERROR)

    app.register_error_handler(FleetkitError, show_ours)
    app.register_error_handler(HTTPException, show_http)
    app.register_error_handler(Exception, show_defect)
