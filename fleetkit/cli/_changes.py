"""How each command goes that changes etcd or its certificates: show the plan, have it approved, apply, verify."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from fleetkit.cli._approving import ask_approval
from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._output import print_json, print_note, print_story
from fleetkit.core import PreconditionError

if TYPE_CHECKING:
    from fleetkit.workflows import Approved, ChangePlan

__all__ = ["approve_shown_option", "carry_out"]

P = TypeVar("P", bound="ChangePlan")
A = TypeVar("A")

approve_shown_option = click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given, or by its sha256.",
)


class _Verified(Protocol):
    @property
    def outcome(self) -> str:
        """``done``, or ``findings``."""


def carry_out(
    plan: P,
    *,
    given: str,
    apply: Callable[[Approved[P]], A],
    verify: Callable[[A], _Verified],
    told: Mapping[str, Any],
    as_json: bool,
    tell_applied: Callable[[A], Any] = lambda applied: applied,
) -> int:
    """Lead a change that was planned to its end, and return the exit code.

    Parameters
    ----------
    given
        The approval that was given as an option.
    apply, verify
        What does the change, and what looks at what came of it.
    told
        What of the plan is told as JSON, beside its fingerprint; told of a plan that is refused or not approved too.

    tell_applied
        How what was done is told as JSON, where that is not just its fields.

    Raises
    ------
    FleetkitError
        When it is refused, not approved, or does not come to its end.
    """
    from fleetkit.workflows import approve

    print_story(str(plan), as_json=as_json)
    planned = {"plan_sha256": plan.sha256, **told}
    try:
        plan.check()
        approved = approve(plan, ask_approval(plan, given))
    except PreconditionError:
        if as_json:
            print_json({**planned, "applied": None, "verified": None})
        raise
    applied = apply(approved)
    print_story(str(applied), as_json=as_json)
    print_note("verifying")
    verified = verify(applied)
    print_story(str(verified), as_json=as_json)
    if as_json:
        print_json({**planned, "applied": tell_applied(applied), "verified": verified})
    return OUTCOME_CODES[verified.outcome]
