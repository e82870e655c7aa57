"""``fleetkit etcd tolerance``: how many members may fail."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import json_option, print_json, print_table
from fleetkit.core import FAULT_TOLERANCE_TABLE

__all__ = ["command"]


@click.command("tolerance")
@json_option
def command(as_json: bool) -> int:
    """Show how many members may fail, by the number of members."""
    columns = ("members", "quorum", "may fail")
    if as_json:
        print_json([dict(zip(("members", "quorum", "tolerates"), row, strict=True)) for row in FAULT_TOLERANCE_TABLE])
    else:
        print_table(columns, FAULT_TOLERANCE_TABLE)
    return ExitCode.DONE
