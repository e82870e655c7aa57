"""``fleetkit units clean``: what fleet has left behind in etcd is found, and taken away where it is certain."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._changes import approve_shown_option, carry_out
from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._output import cluster_argument, json_option
from fleetkit.cli._progress import note_reporter

__all__ = ["command"]


@click.command("clean")
@cluster_argument
@etcd_options
@approve_shown_option
@json_option
def command(cluster: str | None, approve: str, as_json: bool, **options: Any) -> int:
    """Find what fleet of CLUSTER has left behind in etcd, and take it away.

    fleet keeps the text of every unit that it ever had, and directories and states of units and machines that are gone.
    Shown is each key and why nobody uses it. It goes if that still holds ten seconds later and it has not changed; a
    unit file that a unit takes up in that moment is put back. What expires by itself is left to do so, and what is in
    doubt is shown and left.

    \b
    fleetkit units clean demo                       # shows what there is, and asks
    fleetkit units clean demo --approve demo
    fleetkit units clean --endpoints https://10.0.0.1:2379 --cacert ca.pem --cert me.pem --key me-key.pem

    Exits 0 when nothing is left to be taken away, 1 when etcd has no quorum or is at work for somebody else, 2 when
    fleet keeps nothing in that etcd, 3 when a key is there again, 4 when it was not approved.
    """
    from fleetkit.config import Approval
    from fleetkit.etcd import V2Keys, show_key
    from fleetkit.workflows import KeyPlace, apply_clean, plan_clean, verify_clean

    with open_source(cluster, **options) as source:
        known = source.workspace.cluster if source.workspace else None
        place = KeyPlace(
            keys=V2Keys(endpoints=source.endpoints, tls=source.tls, limits=source.limits),
            owner=known.name if known else source.endpoints[0].name,
            rules=known.approval if known else Approval(),
            workspace=source.workspace,
        )
        notes = note_reporter()
        plan = plan_clean(place, report=notes)
        told = plan.found.remnants
        return carry_out(
            plan,
            given=approve,
            apply=lambda approved: apply_clean(place, approved, report=notes),
            verify=lambda cleaned: verify_clean(place, cleaned, report=notes),
            told={"garbage": told.garbage, "doubtful": told.doubtful, "expiring": told.expiring},
            as_json=as_json,
            tell_applied=lambda cleaned: {
                "deleted": [show_key(one.key) for one in cleaned.deleted],
                "spared": cleaned.spared,
                "put_back": cleaned.put_back,
            },
        )
