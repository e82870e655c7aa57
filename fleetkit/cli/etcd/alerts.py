"""``fleetkit etcd alerts``: etcd's official alerts, from scrapes of its members."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._durations import parse_duration
from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table

__all__ = ["command"]


@click.command("alerts")
@cluster_argument
@click.option(
    "--every",
    "every_s",
    default="5s",
    show_default=True,
    metavar="DURATION",
    callback=lambda _context, _parameter, text: parse_duration(text),
    help="Time from one scrape to the next.",
)
@click.option(
    "--scrapes",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="How many; a rate takes two.",
)
@etcd_options
@json_option
def command(cluster: str | None, every_s: float, scrapes: int, as_json: bool, **options: Any) -> int:
    """Judge the thirteen alerts of etcd's own mixin by scrapes of the members' metrics.

    What they say of a cluster in past runs (fleetkit run etcd-alerts records it) is drawn on for long windows.
    An alert whose rule asks for more than was seen is told as such, never as quiet; --scrapes 13 watches for a minute.
    Certificates that expire soon, of which no alert tells, are named with the command that renews them.
    Exits 3 when one fires, or a critical one that a single look tells holds, as when members are down.
    """  # fmt: skip
    from fleetkit.etcd import watch_metrics
    from fleetkit.views import ALERT_COLUMNS, alert_rows
    from fleetkit.workflows import judge_scrapes, read_scrape_history, warn_of_certificates

    with open_source(cluster, **options) as source:
        past = None if source.workspace is None else read_scrape_history(source.workspace)
        certificates = "" if source.workspace is None else warn_of_certificates(source.workspace)
        print_note(f"{scrapes} scrapes, {every_s:g} s apart")
        found = watch_metrics(
            source.endpoints, tls=source.tls, limits=source.limits, scrapes=scrapes, every_s=every_s
        )  # fmt: skip
    checked = judge_scrapes(found, past=past, certificates=certificates)
    if as_json:
        print_json(
            {
                "at": checked.at,
                "scrapes": checked.scrapes,
                "earlier": checked.earlier,
                "unread": checked.unread,
                "certificates": checked.certificates,
                "alerts": checked.alerts,
            }
        )
    else:
        print_table(ALERT_COLUMNS, alert_rows(checked.alerts))
        print_lines(checked.summary, checked.basis, *checked.notes)
    return ExitCode.FINDINGS if checked.outcome == "findings" else ExitCode.DONE
