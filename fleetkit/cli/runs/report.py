"""``fleetkit runs report``: the report of one record."""

from __future__ import annotations

import click

from fleetkit.cli._completing import complete_run
from fleetkit.cli._output import print_lines
from fleetkit.core import NotFoundError

__all__ = ["command"]


@click.command("report")
@click.argument("run", default="latest", shell_complete=complete_run)
@click.option("--open", "opens", is_flag=True, help="Open it in the browser too.")
def command(run: str, opens: bool) -> None:
    """Print the path of a record's report; RUN is its id, the start of one, a folder, or "latest".

    One file that needs no network. It is fetched where it lies in the bucket of FLEETKIT_RUNS alone.

    \b
    fleetkit runs report --open
    """
    from fleetkit import workflows

    stored = workflows.open_record_place().store.find_run(run)
    if not stored.report.is_file():
        raise NotFoundError(
            f"the record {stored.record.id} has no report",
            seen=f"no {stored.report}",
            hint=f"the notebook may still be read: {stored.notebook}",
        )
    print_lines(str(stored.report))
    if opens:
        import webbrowser

        webbrowser.open(stored.report.resolve().as_uri())
