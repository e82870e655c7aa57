"""Asking for an approval: what a person types at a terminal, or what was given as an option."""

from __future__ import annotations

import datetime as dt
import re
import sys
from typing import TYPE_CHECKING

import click

from fleetkit.config import ApprovalKind
from fleetkit.core import ApprovalMissingError

if TYPE_CHECKING:
    from fleetkit.workflows.approval import Plannable

__all__ = ["Life", "approve_option", "ask_approval", "ask_name", "require_name"]

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

approve_option = click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is shown by the cluster's name, asked for in a terminal where not given; or apply a kept plan, "
    "by its sha256 or by the file of a signed approval.",
)


class Life(click.ParamType[dt.timedelta]):
    """A span such as 90m, 24h or 7d."""

    name = "span"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Read the span, or say what one looks like."""
        found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", value)
        if found is None:
            self.fail(f"{value!r} is no span of time; write one like 90m, 24h or 7d", param, ctx)
        return dt.timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})


def ask_approval(plan: Plannable, given: str) -> str:
    """Return the approval that was given, or ask for it where a person is there to answer.

    A signed approval cannot be typed, so none is asked for where the cluster file demands one.
    """
    if plan.is_empty or given or plan.rules.required is ApprovalKind.SIGNED:
        return given
    if plan.rules.required is ApprovalKind.NAME:
        return ask_name(plan.cluster, given)
    return _ask(f"To go on, type the plan's sha256 ({plan.sha256})")


def ask_name(name: str, given: str) -> str:
    """Return the cluster's name that was given, or ask for it where a person is there to answer."""
    return given or _ask(f"To go on, type the cluster's name ({name})")


def require_name(name: str, given: str, *, what: str) -> None:
    """Ask for the name that approves a change, where it was not given.

    Parameters
    ----------
    what
        The change, as it is to stand in the error: ``"disarming the alarms"``.

    Raises
    ------
    ApprovalMissingError
        When it is another name, or none.
    """
    said = ask_name(name, given)
    if said != name:
        seen = f"the approval names {said!r}" if said else "no approval was given"
        raise ApprovalMissingError(f"{what} of {name} is not approved", seen=seen, hint=f"approve it: --approve {name}")


def _ask(text: str) -> str:
    if not sys.stdin.isatty():
        return ""
    answer: str = click.prompt(text, default="", show_default=False, err=True)
    return answer.strip()
