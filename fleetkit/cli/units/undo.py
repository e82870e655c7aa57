"""``fleetkit units undo``: units become what they were before they were changed last."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._output import cluster_argument, json_option
from fleetkit.cli.units._changing import carry_out_units, changing_options

__all__ = ["command"]

_WAIT_S = 10.0
"""Seconds of each wait for fleet."""


@click.command("undo")
@cluster_argument
@changing_options()
@json_option
def command(cluster: str | None, **options: Any) -> int:
    """Bring units of CLUSTER back to what they were before the last change from this computer, text and state.

    What was new is destroyed, what was replaced or destroyed comes back. A change that was broken off or failed is one
    with those that follow it until one comes to its end. This is a change like any other: where it breaks off, it is
    given once more, and at its end it can be undone itself.

    \b
    fleetkit units undo demo                   # shows what would be done, and asks
    fleetkit units undo demo --approve demo

    Exits 0 when all is as it was, 2 when there is nothing to undo, 3 when a unit is not as it was, 4 when it was
    refused or not approved.
    """
    from fleetkit import workflows

    workspace = workflows.open_workspace(cluster)
    return carry_out_units(
        workspace,
        lambda limits, notes: workflows.plan_units_undo(workspace, limits=limits, report=notes),
        request_timeout=_WAIT_S,
        **options,
    )
