"""``fleetkit audit``: a cluster judged by the checks of the catalogue, told in the form that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._files import require_place, write_whole
from fleetkit.cli._output import (
    cluster_argument,
    format_json,
    format_table,
    is_on_command_line,
    json_option,
    print_lines,
    print_note,
)
from fleetkit.cli.checks import complete_check
from fleetkit.core import SettingsError

if TYPE_CHECKING:
    from fleetkit.workflows import Audit, Workspace

__all__ = ["command"]

_SEVERITIES = ("critical", "high", "medium", "low")
_FORMATS = ("table", "json", "csv", "sarif", "ocsf", "junit", "html")


@click.command()
@cluster_argument
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="CHECK",
    shell_complete=complete_check,
    help="Judge by this one alone; may be given again. All of them where not given.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="low",
    show_default=True,
    help="The least severity that counts for the exit code.",
)
@click.option(
    "--format",
    "how",
    type=click.Choice(_FORMATS),
    default="table",
    show_default=True,
    help="How it is told; the table tells what is to be looked at.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it into this file, whole or not at all, and not to standard output.",
)
@click.option("--all", "passed", is_flag=True, help="Let the table tell what is as demanded too.")
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="The most calls that are made of AWS; what is not known then is unknown.  [default: by the cluster's size]",
)
@json_option
def command(
    cluster: str | None,
    checks: tuple[str, ...],
    fail_on: str,
    how: str,
    output: Path | None,
    passed: bool,
    budget: int | None,
    as_json: bool,
) -> int:
    """Judge CLUSTER by the checks of the catalogue; changes nothing.

    Each resource passes, fails, is waived by the cluster file, or is unknown, because what it would be judged by could
    not be read: that is never a pass. A waiver that has expired, or that excuses nothing any more, is a finding too.
    Where records of earlier audits are under runs/, the table and the page tell what is new and mended since the last.

    \b
    fleetkit audit demo
    fleetkit audit demo --fail-on high
    fleetkit audit demo --check etcd-ports-open --check ssh-open-to-world
    fleetkit audit demo --format csv > audit.csv
    fleetkit audit demo --format html --output audit.html     # one file, opens anywhere
    fleetkit audit demo --format sarif --output audit.sarif   # code scanning; junit for build servers, ocsf for SIEMs

    Exits 0 when all is as demanded, 3 when something is not, 1 when nobody could tell of something.
    """  # fmt: skip
    from fleetkit.cli._progress import note_reporter
    from fleetkit.workflows import audit_cluster, open_workspace

    if as_json and is_on_command_line("how") and how != "json":
        raise SettingsError(f"--json and --format {how} are two forms", hint="give one of them")
    if output is not None:
        require_place(output)
    workspace = open_workspace(cluster)
    found = audit_cluster(
        workspace,
        checks=checks,
        fail_on=fail_on,
        budget=budget,
        report=note_reporter(),
    )
    text = _render(workspace, found, "json" if as_json else how, passed=passed)
    if output is None:
        print_lines(text)
    else:
        write_whole(output, text + "\n")
        print_note(f"{found.summary}\nwritten to {output}")
    return OUTCOME_CODES[found.outcome]


def _render(workspace: Workspace, found: Audit, how: str, *, passed: bool) -> str:
    from fleetkit.views import AuditFormat, render_audit
    from fleetkit.workflows import read_audit_trend

    if how == "json":
        return format_json(found.to_json())
    if how == "table":
        return _render_table(workspace, found, passed=passed)
    changes = read_audit_trend(workspace, found).changes if how == "html" else None
    return render_audit(found, AuditFormat(how), changes=changes).removesuffix("\n")


def _render_table(workspace: Workspace, found: Audit, *, passed: bool) -> str:
    from fleetkit.views import AUDIT_COLUMNS, audit_table
    from fleetkit.workflows import read_audit_trend

    rows = audit_table(found.results, found.waivers, passed=passed)
    table = [format_table(AUDIT_COLUMNS, rows)] if rows else []
    trend = read_audit_trend(workspace, found)
    # Who keeps no records is told of none.
    since = str(trend).splitlines() if trend.change.since is not None or trend.notes else []
    return "\n".join([*table, found.summary, *since, found.cost])
