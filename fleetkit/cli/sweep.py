"""``fleetkit sweep``: one notebook over many clusters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetkit.cli._completing import complete_notebook
from fleetkit.cli._exit import ExitCode, join_exit_codes
from fleetkit.cli._output import json_option, print_json, print_lines, print_note, print_table

if TYPE_CHECKING:
    from fleetkit.workflows import ClusterSweep

__all__ = ["command"]


def _complete_sweep(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from fleetkit.runs.sweeps import list_sweeps

    names = ["latest", *(folder.name for folder in list_sweeps(Path.cwd()))]
    return [name for name in names if name.startswith(incomplete)]


def _complete_file(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    files = sorted(str(file.relative_to(Path.cwd())) for file in Path.cwd().glob("clusters/*.toml"))
    return [name for name in files if name.startswith(incomplete)]


@click.command()
@click.argument("notebook", default="", shell_complete=complete_notebook)
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=_complete_file)
@click.option(
    "--clusters",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    shell_complete=_complete_file,
    help="Cluster files that are meant, such as 'clusters/*.toml', which is the default; may be given again.",
)
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter of the notebook.")
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    metavar="N",
    help="The most runs under way at one time; by default two for each core, eight at the most.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Time limit of each run; half an hour by default.",
)
@click.option(
    "--rate",
    "rate_per_s",
    type=click.FloatRange(min=0.01, max=1000),
    metavar="CALLS",
    help="Calls a second that all runs on one account and region make together; 5, or FLEETKIT_AWS_RATE.",
)
@click.option(
    "--failed",
    "failed_of",
    is_flag=False,
    flag_value="latest",
    default="",
    metavar="[SWEEP]",
    shell_complete=_complete_sweep,
    help="Run again what failed or was not run in an earlier sweep; the latest where none is named.",
)
@click.option("--quiet", is_flag=True, help="Tell only of clusters without an answer, and only at their end.")
@json_option
def command(
    notebook: str,
    files: Sequence[str],
    patterns: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    at_once: int | None,
    timeout_s: float | None,
    rate_per_s: float | None,
    failed_of: str,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run NOTEBOOK over many clusters, a few at a time; each run leaves its record, as by fleetkit run.

    Only a notebook that says that it changes nothing is swept, and none that asks for an approval.
    A cluster that fails stops no other. The sweep itself is kept under ./sweeps: a page that rolls up the outcomes,
    the worst first, and sweep.json, both written as it goes on. Ctrl-C asks the runs under way to end.

    \b
    fleetkit sweep inspect-cluster
    fleetkit sweep 20 --clusters 'clusters/prod-*.toml' --at-once 4 --timeout 600
    fleetkit sweep 60 --clusters 'clusters/*.toml' --rate 2 --json > night.json
    fleetkit sweep --failed                          # what failed or was not run in the latest sweep, alone

    The exit code is the worst of all runs: 1 failed, 4 refused, 2 a bad cluster file, 3 findings, 0 done;
    130 when it was stopped.
    """  # fmt: skip
    from fleetkit import workflows
    from fleetkit.cli._sweep_progress import SweepProgress

    if failed_of and (patterns or files):
        raise click.UsageError("--failed runs the clusters of the earlier sweep: leave the cluster files out")
    prepared = workflows.prepare_sweep(
        notebook,
        # A pattern without quotes has become files, of which the shell hands all but the first on as arguments.
        clusters=(*patterns, *files),
        pairs=pairs,
        limits=workflows.SweepLimits(at_once=at_once, rate_per_s=rate_per_s, timeout_s=timeout_s),
        failed_of=failed_of,
    )
    if not quiet:
        print_note(prepared.summary)
    with SweepProgress(len(prepared.record.clusters), quiet=quiet) as progress:
        swept = workflows.run_sweep(prepared, on_event=progress.hear)
    if as_json:
        print_json(swept.to_json())
    else:
        _print_sweep(swept)
    stopped = [ExitCode.INTERRUPTED] if swept.record.interrupted else []
    return join_exit_codes([*stopped, *(one.state.exit for one in swept.record.clusters)])


def _print_sweep(swept: ClusterSweep) -> None:
    from fleetkit.views import SWEEP_COLUMNS, sweep_table

    print_table(SWEEP_COLUMNS, sweep_table(swept.record))
    for one in swept.failed:
        if one.reason or one.next_step:
            next_step = [f"  next: {one.next_step}"] if one.next_step else []
            print_lines(f"{one.cluster}: {one.reason or one.state}", *next_step)
    print_lines(swept.summary, f"page: {swept.page}")
    if swept.failed:
        print_lines(f"again, these alone: fleetkit sweep --failed {swept.record.id}")
