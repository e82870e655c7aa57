"""``fleetkit units copy``: the packaged unit files, into a folder to keep and change."""

from __future__ import annotations

from pathlib import Path

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_lines

__all__ = ["command"]


@click.command("copy")
@click.argument("folder", default="units", metavar="[FOLDER]", type=click.Path(path_type=Path, file_okay=False))
@json_option
def command(folder: Path, as_json: bool) -> int:
    """Copy the unit files that come with fleetkit into FOLDER (units, where none is given); no cluster is asked.

    They are for swap, clean-up, journals, monitors, an example and the two pages. What is there already stays as it
    is: a file of another text is kept, and told.

    \b
    fleetkit units copy
    fleetkit units copy my-units && fleetkit units lint my-units
    """
    from fleetkit.fleet import UnitCopyState, copy_units

    copies = copy_units(folder)
    if as_json:
        print_json([{"path": str(one.path), "state": one.state} for one in copies])
        return ExitCode.DONE
    for one in copies:
        why = ": it is there with another text" if one.state is UnitCopyState.KEPT else ""
        print_lines(f"{one.state} {one.path}{why}")
    counts = ", ".join(f"{sum(one.state is state for one in copies)} {state}" for state in UnitCopyState)
    print_lines(f"{len(copies)} unit files: {counts}")
    return ExitCode.DONE
