"""How each command goes that changes units: which options it has, and how its plan is shown, approved and applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._durations import parse_duration
from fleetkit.cli._progress import note_reporter

if TYPE_CHECKING:
    from fleetkit.fleet import FleetEndpoint, FleetLimits
    from fleetkit.workflows import Reporter, UnitsPlan, Workspace

__all__ = ["carry_out_units", "changing_options"]

F = TypeVar("F", bound=Callable[..., Any])


def _duration(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    return parse_duration(text)


def changing_options(*, roll_back: bool | None = False) -> Callable[[F], F]:
    """Give a command that changes units its options.

    Parameters
    ----------
    roll_back
        What is done by itself when a unit fails; None where nothing is ever put back, and nobody is asked.
    """
    options = (
        click.option(
            "--roll-back/--keep", "roll_back", default=roll_back, show_default=True,
            help="Put all that was sent back as it was when one unit fails, or keep it, to be looked at.",
        ),
        click.option(
            "--steady", default="5s", show_default=True, metavar="DURATION", callback=_duration,
            help="How long a unit has to be seen running until that counts.",
        ),
        click.option(
            "--wait", default="2m", show_default=True, metavar="DURATION", callback=_duration,
            help="How long the units of a wave may take.",
        ),
        approve_shown_option,
    )  # fmt: skip

    def give(command: F) -> F:
        for option in options if roll_back is not None else options[1:]:
            command = option(command)
        return command

    return give


def carry_out_units(
    source: Workspace | FleetEndpoint,
    plan: Callable[[FleetLimits, Reporter], UnitsPlan],
    *,
    approve: str,
    roll_back: bool,
    steady: float,
    wait: float,
    request_timeout: float,
    as_json: bool,
) -> int:
    """Lead a change of units from its plan to its end, and return the exit code; see `carry_out`."""
    from fleetkit import workflows
    from fleetkit.core import Patience
    from fleetkit.fleet import FleetLimits

    notes, limits = note_reporter(), FleetLimits(wait_s=request_timeout)
    gate = workflows.UnitGate(patience=Patience(deadline_s=wait), steady_s=steady)
    planned = plan(limits, notes)
    return carry_out(
        planned,
        given=approve,
        apply=lambda approved: workflows.apply_units(
            source, approved, gate=gate, roll_back=roll_back, limits=limits, report=notes
        ),
        verify=lambda _applied: workflows.verify_units(source, planned, limits=limits, report=notes),
        told={
            "changes": [one.to_json() for one in planned.changes],
            "probes": planned.probes,
            "unchanged": planned.unchanged,
            "lagging": {one.name: one.how for one in planned.lagging},
        },
        as_json=as_json,
    )
