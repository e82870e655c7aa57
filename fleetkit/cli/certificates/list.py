"""``fleetkit certificates list``: which certificate expires when, and what to do about it."""

from __future__ import annotations

import click

from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_note, print_table
from fleetkit.core import format_utc

__all__ = ["command"]


@click.command("list")
@cluster_argument
@json_option
def command(cluster: str | None, as_json: bool) -> int:
    """List the certificates of CLUSTER, made here and served by etcd's members, the first to expire on top.

    Exits 0 when all are well, 3 when one has expired, expires within 30 days or is another than was made for its
    member, 1 when what a member serves could not be read.
    """
    from fleetkit import workflows

    listing = workflows.list_certificates(workflows.open_workspace(cluster))
    if as_json:
        print_json(listing)
    else:
        print_table(
            ("certificate", "subject", "also for", "valid until", "days left", "verdict", "next step"),
            [
                (
                    one.name,
                    one.subject,
                    ", ".join(one.names),
                    format_utc(one.not_after),
                    one.days_left,
                    one.verdict,
                    one.next_step,
                )
                for one in listing.certificates
            ],
        )
        for reason in listing.unknown:
            print_note(f"unknown: {reason}")
    if listing.unknown:
        return ExitCode.FAILED
    return ExitCode.FINDINGS if listing.amiss else ExitCode.DONE
