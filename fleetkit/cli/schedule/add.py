"""``fleetkit schedule add``: have a notebook run at set times."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetkit.cli._completing import complete_notebook
from fleetkit.cli._durations import parse_duration
from fleetkit.cli._output import cluster_option, json_option, print_json, print_lines, print_note
from fleetkit.cli.schedule._facts import facts_of
from fleetkit.core import SettingsError, format_utc, utc_now

if TYPE_CHECKING:
    from fleetkit.schedule import Added

__all__ = ["command"]

_KINDS = ("systemd", "cron", "jupyter-scheduler", "airflow")


@click.command("add")
@click.argument("notebook", shell_complete=complete_notebook)
@cluster_option
@click.option(
    "--cron", required=True, metavar="LINE", help='When: five fields, such as "0 3 * * *" for 03:00 each day.'
)
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="Whose clock counts.")
@click.option("--on", required=True, type=click.Choice(_KINDS), help="Who keeps the times.")
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter of the notebook.")
@click.option("--approve", metavar="APPROVAL", default="", help="Approve what its runs change: see docs/schedule.md.")
@click.option("--timeout", default="1h", show_default=True, metavar="TIME", help="Time limit of a run and its retries.")
@click.option("--retries", default=2, show_default=True, type=click.IntRange(0, 10), help="For failures that may pass.")
@click.option(
    "--backoff", default="30s", show_default=True, metavar="TIME", help="Before the first retry; then doubled."
)
@click.option("--name", metavar="NAME", default="", help="Name of the schedule; made of notebook and cluster.")
@click.option("--server", metavar="URL", default="", help="Address of the JupyterLab, for --on jupyter-scheduler.")
@click.option(
    "--token",
    metavar="REFERENCE",
    default="",
    help="Where its token is: env:NAME or file:/PATH, never the token itself.",
)
@click.option("--dags", metavar="FOLDER", default="", help="Airflow's folder of DAG files; in AIRFLOW_HOME by default.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@json_option
def command(
    notebook: str,
    cluster: str,
    cron: str,
    timezone: str,
    on: str,
    pairs: Sequence[tuple[str, str]],
    approve: str,
    timeout: str,
    retries: int,
    backoff: str,
    name: str,
    server: str,
    token: str,
    dags: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Have NOTEBOOK run at set times, by its number, name or path, for one cluster.

    Its runs happen in this folder, with the variables that this shell has for fleetkit and AWS, but for secrets:
    those of a schedule are found by a profile or a role. A notebook that changes things is refused unless it has an
    approval. To add the same again changes nothing; "fleetkit schedule remove NAME" is the way back.

    \b
    fleetkit schedule add inspect-cluster --cluster demo --cron "0 3 * * *" --on systemd
    fleetkit schedule add 42 --cluster demo --cron "30 4 * * SUN" --timezone Europe/Berlin --on systemd
    fleetkit schedule add 38 --cluster demo --cron "* * * * *" --on systemd --approve demo --dry-run
    """
    from fleetkit import schedule

    folder, kind = Path.cwd(), schedule.SchedulerKind(on)
    place = _read_place(kind, server=server, token=token, dags=dags)
    wish = schedule.Wish(
        notebook=notebook,
        cluster=cluster,
        line=schedule.parse_cron(cron, timezone=timezone),
        on=kind,
        name=name,
        pairs=pairs,
        approve=approve,
        timeout_s=parse_duration(timeout),
        retries=retries,
        backoff_s=parse_duration(backoff),
        place=place,
    )
    entry = schedule.draft_entry(wish, folder=folder, environ=os.environ)
    scheduler = schedule.find_scheduler(kind, environ=os.environ, place=place)
    added = schedule.add_entry(entry, scheduler, folder=folder, dry_run=dry_run)
    if as_json:
        facts = facts_of(added.entry, (), missing=())
        print_json({**facts, "change": added.change, "dry_run": dry_run, "texts": dict(added.placement.texts)})
    else:
        _print_added(added, dry_run=dry_run)
    _print_warnings(added)


def _read_place(kind: str, *, server: str, token: str, dags: str) -> dict[str, str]:
    """Return what leads to the scheduler, and refuse what would lead to another one."""
    from fleetkit.schedule import find_dags

    given = {"server": server, "token": token, "dags": dags}
    of = {"server": "jupyter-scheduler", "token": "jupyter-scheduler", "dags": "airflow"}
    for option, text in given.items():
        if text and of[option] != kind:
            raise SettingsError(f"--{option} is for --on {of[option]}", seen=f"--on {kind}")
    if kind == of["dags"]:
        given["dags"] = str(Path(dags or find_dags(os.environ)).expanduser().absolute())
    return {option: text for option, text in given.items() if text}


def _print_added(added: Added, *, dry_run: bool) -> None:
    from fleetkit.schedule import next_times, render_entry

    entry = added.entry
    print_lines(f"{'would be ' if dry_run and added.change != 'no change' else ''}{added.change}: {entry.name}")
    print_lines(f"{entry.title}: {entry.line.words}, kept by {entry.on}")
    print_lines(*(f"next: {format_utc(moment)}" for moment in next_times(entry, now=utc_now(), count=1)))
    if dry_run:
        texts = {f"schedules/{entry.name}.toml": render_entry(entry), **added.placement.texts}
        print_lines(*(f"\n{place}:\n{text.rstrip()}" for place, text in texts.items()))
    else:
        print_lines(*(f"wrote: {place}" for place in added.placement.texts))


def _print_warnings(added: Added) -> None:
    from fleetkit.schedule import list_left_out

    if left_out := list_left_out(os.environ):
        print_note(
            f"not given to its runs: {', '.join(left_out)}, which are secret; "
            "let them find credentials by a profile (AWS_PROFILE), a role or a file"
        )
    for step in added.next_steps:
        print_note(f"next: {step}")
