"""``fleetkit approve``: look at a plan that was kept, and sign an approval for it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from fleetkit.cli._approving import Life, ask_name
from fleetkit.cli._output import json_option, print_json, print_lines, print_note
from fleetkit.core import ApprovalMissingError, format_utc

__all__ = ["command"]


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--cluster", metavar="NAME", help="Cluster of the plan; left out where there is only one.")
@click.option("--yes", "name", metavar="NAME", default="", help="Approve by the cluster's name, in place of a prompt.")
@click.option("--expires", "life", type=Life(), default="24h", show_default=True, help="For how long it holds.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write; in the cluster's folder by default.")
@json_option
def command(plan: str, cluster: str | None, name: str, life: dt.timedelta, output: Path | None, as_json: bool) -> None:
    """Show PLAN again and sign an approval for it, which fleetkit deploy or destroy then takes.

    PLAN is one that fleetkit plan --keep kept: its sha256 or the beginning of it, its file, or "latest".
    The approval is for that plan alone, on the state and the etcd members that it was made on. It bears your AWS
    identity and is signed with your key, which the cluster file must list.

    \b
    fleetkit approve latest --cluster demo
    fleetkit approve 3f2a9c --cluster demo --yes demo --expires 2h
    """
    from fleetkit import workflows
    from fleetkit.cli._progress import note_reporter

    path = Path(plan).expanduser()
    if cluster is None and path.is_file():
        cluster = workflows.cluster_of_plan(path)
    workspace = workflows.open_workspace(cluster)
    shown = workflows.take_up_plan(workspace, str(path.absolute()) if path.is_file() else plan, report=note_reporter())
    say = print_note if as_json else print_lines
    say(shown.text)
    if shown.basis is not None:
        say(shown.basis.text)
    if ask_name(shown.cluster, name) != shown.cluster:
        raise ApprovalMissingError(
            f"the plan {shown.sha256[:12]} was not approved",
            seen=f"it takes the cluster's name, {shown.cluster}",
            hint=f"type it at the prompt, or give --yes {shown.cluster}",
        )
    file, signed = workflows.give_approval(workspace, shown, life=life, file=output)
    if as_json:
        print_json({"file": file, "approval": signed.to_json()})
    else:
        print_note(f"approved until {format_utc(signed.expires_at)}")
        print_note(f"next: fleetkit {shown.operation} {shown.cluster} --approve {file}")
        print_lines(str(file))
