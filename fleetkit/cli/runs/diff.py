"""``fleetkit runs diff``: what is different between two runs."""

from __future__ import annotations

import click

from fleetkit.cli._completing import complete_run
from fleetkit.cli._output import json_option, print_json, print_lines, print_note, print_table
from fleetkit.core import NotFoundError

__all__ = ["command"]


@click.command("diff")
@click.argument("runs_given", nargs=-1, metavar="[BEFORE] [AFTER]", shell_complete=complete_run)
@json_option
def command(runs_given: tuple[str, ...], as_json: bool) -> None:
    """Say what is different between two runs: outcome, parameters, plan, health, findings, versions.

    One run alone is compared with the last one before it that was done, of the same notebook and cluster;
    where none is given, that one is the latest. So "diff" answers: what changed since it last worked?

    \b
    fleetkit runs diff
    fleetkit runs diff 20260301T040506Z-20-inspect-cluster latest
    """
    from fleetkit import runs, workflows

    if len(runs_given) > 2:
        raise click.UsageError("two runs at most can be compared")
    store = workflows.open_record_place().store
    after = store.find_run(runs_given[-1] if runs_given else "latest")
    if len(runs_given) == 2:
        before = store.find_run(runs_given[0])
    else:
        cluster, notebook = after.kind
        found = runs.find_last_done(store.list_runs(cluster=cluster).ok.values(), like=after)
        if found is None:
            raise NotFoundError(
                f"no run of {notebook} on {cluster} before {after.record.id} was done",
                hint="name the two runs to compare: fleetkit runs list",
            )
        before = store.fetch_run(found)
    difference = runs.diff_runs(before, after)
    if as_json:
        print_json(difference.to_json())
        return
    print_lines(difference.headline)
    if difference.differences:
        columns = ("topic", "what", "before", "after")
        print_table(columns, [(one.topic, one.name, one.before, one.after) for one in difference.differences])
    for remark in difference.remarks:
        print_note(remark)
