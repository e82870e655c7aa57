"""``fleetkit etcd tune``: etcd's settings and disks held against its own guidance, by what members measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table
from fleetkit.core import EtcdError

if TYPE_CHECKING:
    from fleetkit.etcd import RaftSettings
    from fleetkit.workflows import Workspace

__all__ = ["command"]

_SNAPSHOT_COUNT = 100_000
"""etcd's own, which fleetkit's machines leave as it is."""


@click.command("tune")
@cluster_argument
@etcd_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Compare heartbeat, election, quota, snapshots and disks with etcd's guidance.

    Round trips and disks are what the members measured themselves since they started.
    Heartbeat and election are those of the cluster file; members of another etcd do not tell theirs.
    Exits 3 when something is to be changed or a member does not answer, 1 when none answers.
    """
    from fleetkit.etcd import judge_tuning, watch_metrics

    with open_source(cluster, **options) as source:
        (scrape,) = watch_metrics(source.endpoints, tls=source.tls, limits=source.limits, scrapes=1, every_s=0)
        settings = _settings_of(source.workspace)
    unread = {**scrape.down, **scrape.unasked}
    if not scrape.members:
        reasons = "".join(f"\n  - {name}: {reason}" for name, reason in unread.items())
        raise EtcdError("no member told its metrics", seen=reasons, hint="fleetkit etcd health says why")
    found = judge_tuning(scrape, settings)
    if as_json:
        print_json(
            {
                "fits": found.fits,
                "unread": unread,
                "round_trips": found.round_trips,
                "disks": found.disks,
                "advice": found.advice,
            }
        )
    else:
        print_table(
            ("from", "to", "average", "99 of 100"),
            [(one.member, one.peer, _ms(one.average_s), _ms(one.p99_s)) for one in found.round_trips],
        )
        print_table(
            ("member", "sync", "commit", "disk", "why"),
            [(one.member, _ms(one.fsync_s), _ms(one.commit_s), one.fit, one.why) for one in found.disks],
        )
        print_table(
            ("setting", "of", "is", "suggested", "", "why"),
            [
                (one.setting, one.who or "all", _known(one.current), _known(one.suggested), one.fit, one.why)
                for one in found.advice
            ],
        )
        print_lines(*(f"{name} was not read: {reason}" for name, reason in unread.items()))
    return ExitCode.DONE if found.fits and not unread else ExitCode.FINDINGS


def _settings_of(workspace: Workspace | None) -> RaftSettings:
    from fleetkit.etcd import RaftSettings

    if workspace is None:
        return RaftSettings()
    etcd = workspace.cluster.etcd
    return RaftSettings(
        heartbeat_ms=etcd.heartbeat_ms, election_ms=etcd.election_ms, snapshot_count=_SNAPSHOT_COUNT
    )  # fmt: skip


def _ms(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{1000 * seconds:.4g} ms"


def _known(value: int | None) -> str:
    return "unknown" if value is None else str(value)
