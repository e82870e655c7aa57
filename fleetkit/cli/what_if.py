"""``fleetkit what-if``: what a cluster would lose."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._exit import OUTCOME_CODES
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines

if TYPE_CHECKING:
    from fleetkit.views import Consequences

__all__ = ["command"]


@click.command()
@cluster_argument
@click.option("--zone", "zones", multiple=True, metavar="ZONE", help="Suppose that this zone is gone; may be repeated.")
@click.option(
    "--member",
    "members",
    multiple=True,
    metavar="NAME",
    help="Suppose that this etcd member is gone, with its machine; may be repeated.",
)
@click.option(
    "--on",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="DATE",
    help="Suppose that this day has passed, such as 2027-06-30: which certificates have run out by then.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME",
    help="Suppose that this rule of the security groups is gone, such as etcd-peer-from-master-to-master.",
)
@click.option("--live", is_flag=True, help="Begin with what is there now, read as fleetkit inspect does.")
@json_option
def command(
    cluster: str | None,
    zones: tuple[str, ...],
    members: tuple[str, ...],
    on: dt.datetime | None,
    rules: tuple[str, ...],
    live: bool,
    as_json: bool,
) -> int:
    """Show what CLUSTER would lose: quorum, machines, load balancer targets, the way in, certificates.

    What is supposed to be gone goes together: two zones are two zones at once. Without any, each zone and each
    member is taken away in turn. Nothing is changed. Without --live the cluster file is all that is read, so
    this works before a deploy; with it, what is ill already counts as lost, and what cannot be read as unknown.

    \b
    fleetkit what-if demo                            # each zone and each member in turn
    fleetkit what-if demo --zone us-west-2a
    fleetkit what-if demo --zone us-west-2a --member etcd2 --live
    fleetkit what-if demo --on 2027-06-30            # certificates that have run out by then

    \b
    Exits 0 when the cluster bears it, 3 when something is lost,
    1 when too little could be read to say, and 2 for a name that the cluster does not have.
    """
    from fleetkit.cli._progress import note_reporter
    from fleetkit.views import Supposition, consequences_lines, judge_supposition
    from fleetkit.workflows import lay_out_cluster, open_workspace, suppose_each

    workspace = open_workspace(cluster)
    supposed = Supposition(zones=zones, members=members, on=on.date() if on else None, rules=rules)
    if supposed == Supposition():
        losses = suppose_each(workspace, live=live, report=note_reporter())
        if as_json:
            head = {"cluster": losses.layout.cluster, "source": losses.layout.source, "outcome": losses.outcome}
            cases = [_facts(one) for one in losses.cases]
            print_json(head | {"summary": losses.summary, "unknown": losses.layout.unknown, "cases": cases})
        else:
            print_lines(str(losses))
        return OUTCOME_CODES[losses.outcome]
    found = judge_supposition(lay_out_cluster(workspace, live=live, report=note_reporter()), supposed)
    if as_json:
        print_json({"cluster": found.cluster, "source": found.source, **_facts(found), "unknown": found.unknown})
    else:
        print_lines(*consequences_lines(found))
    return OUTCOME_CODES[found.outcome]


def _facts(found: Consequences) -> dict[str, Any]:
    """Return what JSON is told of one supposition; what was read of the cluster stands beside it."""
    return {
        "supposed": found.supposed,
        "outcome": found.outcome,
        "verdict": found.verdict,
        "quorum": found.quorum,
        "effects": found.effects,
        "impossible": found.impossible,
    }
