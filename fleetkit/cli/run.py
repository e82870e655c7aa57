"""``fleetkit run``: run a notebook, and keep its record."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetkit.cli._completing import complete_notebook, complete_run
from fleetkit.cli._exit import ExitCode, join_exit_codes
from fleetkit.cli._output import cluster_option, json_option, print_json, print_lines, print_note
from fleetkit.cli._sending import find_follower, find_stores, is_kept
from fleetkit.cli._signing import find_signer
from fleetkit.cli._telling import load_told_cluster, tell_run
from fleetkit.core import NotFoundError, SettingsError, format_duration

if TYPE_CHECKING:
    from fleetkit.runs import RunEvent, RunStore, StoredRun
    from fleetkit.schedule import Telling

__all__ = ["command"]


@click.command()
@click.argument("notebook", default="", shell_complete=complete_notebook)
@cluster_option
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter of the notebook.")
@click.option(
    "--approve",
    metavar="APPROVAL",
    default="",
    help="Approve what is planned: the cluster's name, or the sha256 or signed approval of a kept plan.",
)
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=1), metavar="SECONDS", help="Time limit of the run.")
@click.option(
    "--cell-timeout", "cell_s", type=click.FloatRange(min=1), metavar="SECONDS", help="Time limit of each cell."
)
@click.option(
    "--resume",
    metavar="RUN",
    default="",
    shell_complete=complete_run,
    help="Go on for this run, which did not end well.",
)
@click.option("--notify", is_flag=True, help="Tell those whom the cluster file names, when the outcome changes.")
@click.option("--quiet", is_flag=True, help="Do not pass on what the cells print.")
@json_option
def command(
    notebook: str,
    cluster: str,
    pairs: Sequence[tuple[str, str]],
    approve: str,
    timeout_s: float | None,
    cell_s: float | None,
    resume: str,
    notify: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run NOTEBOOK, by its number, name or path, and keep its record under ./runs.

    The record is kept however the run ends, and the exit code is that of the run.
    With FLEETKIT_RUNS=s3://bucket/prefix it is sent there too; where that fails, it stays here and the exit code is 1.
    Ctrl-C lets the cell under way end well; a second one kills it. Parameters are kept: never pass a secret.
    To resume takes over the notebook (a path is to be given again) and the parameters of RUN, but never its approval;
    steps run again, but for those that a probe of the notebook proves to be done.
    RUN is looked for under ./runs first, and then in the bucket.
    With --notify the destinations under [notice] of the cluster file are told when the outcome is another than before;
    one that cannot be told changes nothing about the run, and is tried again with the next one.

    \b
    fleetkit run inspect-cluster --cluster demo
    fleetkit run 10 --cluster demo --approve demo
    fleetkit run ./my-notebook.ipynb -p count 3
    fleetkit run --resume latest --approve demo
    fleetkit run 20 --cluster demo --notify
    """
    from fleetkit import runs

    folder = Path.cwd()
    stores = find_stores()
    earlier = _find_earlier(resume, stores) if resume else None
    found = runs.find_notebook(notebook or _notebook_of(earlier), folder=folder)
    known = runs.read_parameters(found.read())
    resumption = None if earlier is None else runs.resume_run(earlier, found, known=known, stores=stores)
    values = runs.parse_parameters(pairs, known=known)
    named = {parameter.name for parameter in known}
    label = _label(cluster or str(values.get("cluster", "")), earlier, names=named, folder=folder)
    if "cluster" in named:
        values["cluster"] = cluster or values.get("cluster") or label
    if approve:
        if "approve" not in named:
            raise SettingsError(f"the notebook {found.name} asks for no approval", hint="leave --approve out")
        from fleetkit.workflows.approval import names_file

        # The notebook may run in another folder than this one.
        values["approve"] = str(Path(approve).expanduser().absolute()) if names_file(approve) else approve
    told_cluster = load_told_cluster(str(values.get("cluster") or cluster or label), folder) if notify else None
    stored = runs.execute_notebook(
        found,
        cluster=label,
        folder=folder,
        parameters=values,
        limits=runs.RunLimits(run_s=timeout_s, cell_s=cell_s),
        on_event=lambda event: _print_event(event, quiet=quiet),
        signer=find_signer(),
        resumption=resumption,
        follow=find_follower(tell=print_note),
    )
    telling = None if told_cluster is None else tell_run(stored, told_cluster)
    return _print_run(stored, telling, as_json=as_json)


def _find_earlier(name: str, stores: Sequence[RunStore]) -> StoredRun:
    """Find a run here, or else in the bucket, which need not be in reach for one that went on here."""
    *others, last = stores
    for store in others:
        with contextlib.suppress(NotFoundError):
            return store.find_run(name)
    return last.find_run(name)


def _notebook_of(earlier: StoredRun | None) -> str:
    if earlier is None:
        raise click.UsageError("name a NOTEBOOK, or a run to --resume")
    return earlier.record.notebook


def _label(cluster: str, earlier: StoredRun | None, *, names: Collection[str], folder: Path) -> str:
    """Return the cluster's name; a notebook without such a parameter may do without a cluster file."""
    asked = cluster or ("" if earlier is None else earlier.record.cluster)
    from fleetkit import runs

    if runs.is_over_many(names):
        label = runs.MANY_CLUSTERS
    elif "cluster" not in names:
        label = asked or "none"
    else:
        from fleetkit.config import Settings, find_cluster

        name = asked or Settings.from_environment(os.environ).cluster
        label = find_cluster(name or None, folder=folder).name
    if earlier is not None and label != earlier.record.cluster:
        raise SettingsError(
            f"the run {earlier.record.id} cannot be resumed for the cluster {label!r}",
            seen=f"it was for {earlier.record.cluster!r}",
        )
    return label


def _print_event(event: RunEvent, *, quiet: bool) -> None:
    from fleetkit.runs import RunEventKind

    place = f"[{event.cell}/{event.cells}] {event.title}"
    if event.kind is RunEventKind.CELL_STARTED:
        print_note(place)
    elif event.kind is RunEventKind.CELL_ENDED:
        print_note(f"{place}: {'failed' if event.failed else 'done'} after {format_duration(event.took_s or 0)}")
    elif event.kind is RunEventKind.CELL_SPARED:
        print_note(f"{place}: proven to be done, and left out")
    elif event.kind in {RunEventKind.STOPPING, RunEventKind.UNSIGNED, RunEventKind.WAITING}:
        print_note(event.text)
    elif not quiet:
        print_note(f"    {event.text}")


def _print_run(stored: StoredRun, telling: Telling | None, *, as_json: bool) -> int:
    record = stored.record
    if as_json:
        notice = {} if telling is None else {"notice": telling.to_json()}
        print_json({**record.to_json(), "folder": str(stored.folder), "report": str(stored.report), **notice})
    else:
        print_lines(f"{record.outcome.value}: {record.summary or record.notebook}", f"record: {stored.folder}")
    if record.error is not None:
        where = f" in “{record.error.title}”" if record.error.title else ""
        print_note(f"error: {record.error.kind}{where}: {record.error.message}")
    # A record that is not where it is to be kept is told by what sends it; the run itself ended as it says.
    return join_exit_codes([record.exit or 0, ExitCode.DONE if is_kept(stored.folder) else ExitCode.FAILED])
