"""Which errors may pass by themselves."""

from __future__ import annotations

import pytest

from fleetkit.core import (
    AwsError,
    BusyError,
    PreconditionError,
    SshError,
    WaitTimeoutError,
    WorkflowError,
    is_transient,
)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (AwsError("throttled", transient=True), True),
        (AwsError("denied"), False),
        (BusyError("somebody deploys"), True),
        (caused(WorkflowError("a step failed", step="look"), SshError("away", transient=True)), True),
        (caused(WorkflowError("a step failed", step="look"), AwsError("denied")), False),
        (PreconditionError("no"), False),
        (WaitTimeoutError("waited"), False),
        (ZeroDivisionError(), False),
    ],
)
def test_an_error_may_pass_where_it_or_its_cause_says_so(error, passes):
    assert is_transient(error) is passes
