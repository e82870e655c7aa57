"""``fleetkit audit``: a cluster judged by the checks of the catalogue."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table
from fleetkit.cli.checks import complete_check

if TYPE_CHECKING:
    from fleetkit.workflows import Audit

__all__ = ["command"]

_SEVERITIES = ("critical", "high", "medium", "low")
_FORMATS = ("table", "json", "csv")


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
    passed: bool,
    budget: int | None,
    as_json: bool,
) -> int:
    """Judge CLUSTER by the checks of the catalogue; changes nothing.

    Each resource passes, fails, is waived by the cluster file, or is unknown, because what it would be judged by could
    not be read: that is never a pass. A waiver that has expired, or that excuses nothing any more, is a finding too.

    \b
    fleetkit audit demo
    fleetkit audit demo --fail-on high
    fleetkit audit demo --check etcd-ports-open --check ssh-open-to-world
    fleetkit audit demo --format csv > audit.csv

    Exits 0 when all is as demanded, 3 when something is not, 1 when nobody could tell of something.
    """  # fmt: skip
    from fleetkit.cli._progress import note_reporter
    from fleetkit.workflows import audit_cluster, open_workspace

    found = audit_cluster(
        open_workspace(cluster),
        checks=checks,
        fail_on=fail_on,
        budget=budget,
        report=note_reporter(),
    )
    if as_json or how == "json":
        print_json(found.to_json())
    elif how == "csv":
        _print_csv(found)
    else:
        _print_table(found, passed=passed)
    return OUTCOME_CODES[found.outcome]


def _print_table(found: Audit, *, passed: bool) -> None:
    from fleetkit.views import AUDIT_COLUMNS, audit_table

    rows = audit_table(found.results, found.waivers, passed=passed)
    if rows:
        print_table(AUDIT_COLUMNS, rows)
    print_lines(found.summary, found.cost)


def _print_csv(found: Audit) -> None:
    from fleetkit.views import AUDIT_COLUMNS, audit_table

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(AUDIT_COLUMNS)
    writer.writerows(audit_table(found.results, found.waivers, passed=True))
