"""An outcome and its exit code."""

from __future__ import annotations

import pytest

from fleetkit.runs.outcome import Outcome, exit_of_error, outcome_of_error


@pytest.mark.parametrize(
    ("name", "outcome", "code"),
    [
        ("ApprovalMissingError", Outcome.REFUSED, 4),
        ("StalePlanError", Outcome.REFUSED, 4),
        ("ClusterFileError", Outcome.FAILED, 2),
        ("NotFoundError", Outcome.FAILED, 2),
        ("TerraformError", Outcome.FAILED, 1),
        ("WaitTimeoutError", Outcome.FAILED, 1),
        ("KeyboardInterrupt", Outcome.INTERRUPTED, 130),
        ("ZeroDivisionError", Outcome.FAILED, 1),
        ("Redactor", Outcome.FAILED, 1),
    ],
)
def test_an_error_of_a_cell_earns_the_exit_code_that_a_command_would_end_with(name, outcome, code):
    assert outcome_of_error(name) is outcome
    assert exit_of_error(name) == code


def test_the_mapping_agrees_with_that_of_the_command_line():
    from fleetkit import core
    from fleetkit.cli._exit import exit_code_of

    kinds = {name: one for name, one in vars(core.errors).items() if isinstance(one, type)}
    kinds = {name: one for name, one in kinds.items() if issubclass(one, core.FleetkitError)}
    assert len(kinds) > 15
    for name, kind in kinds.items():
        facts = {"step": "here"} if issubclass(kind, core.WorkflowError) else {}
        assert exit_of_error(name) == exit_code_of(kind("what", **facts)), name


def test_every_outcome_has_an_exit_code():
    assert {outcome: outcome.exit for outcome in Outcome} == {
        Outcome.RUNNING: 1,
        Outcome.DONE: 0,
        Outcome.FINDINGS: 3,
        Outcome.REFUSED: 4,
        Outcome.FAILED: 1,
        Outcome.INTERRUPTED: 130,
        Outcome.ABANDONED: 1,
    }
