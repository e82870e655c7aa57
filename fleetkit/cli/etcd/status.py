"""``fleetkit etcd status``: version, place in the log and size of each member."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_table
from fleetkit.core import EtcdError, format_bytes

__all__ = ["command"]


@click.command("status")
@cluster_argument
@etcd_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Tell of every member its version, its place in the log, its size and its errors.

    Exits 3 when a member does not answer or has errors to report, 1 when none answers.
    """
    from fleetkit.etcd import raft_lag, read_status, tell_version

    with open_source(cluster, **options) as source:
        found = read_status(source.endpoints, tls=source.tls, limits=source.limits)
    lag = raft_lag(found.ok)
    if not found.ok:
        reasons = "".join(f"\n  - {getattr(error, 'reason', error)}" for error in found.failed.values())
        raise EtcdError("no member told its status", seen=reasons, hint="fleetkit etcd health says why")
    if as_json:
        print_json(
            {
                "members": [
                    {"name": name, "error": str(getattr(one, "reason", one))}
                    if isinstance(one, Exception)
                    else {"name": name, **_plain(one), "is_leader": one.is_leader, "lag": lag[name]}
                    for name, one in found.items()
                ]
            }
        )
    else:
        print_table(
            ("name", "id", "version", "role", "term", "index", "lag", "db size", "in use", "errors"),
            [
                (name, "", "", "", "", "", "", "", "", getattr(one, "reason", one))
                if isinstance(one, Exception)
                else (
                    name, one.member_id, tell_version(one.version), _role(one), one.raft_term, one.raft_index,
                    lag[name], format_bytes(one.db_size), format_bytes(one.db_size_in_use), "; ".join(one.errors),
                )
                for name, one in found.items()
            ],
        )  # fmt: skip
    well = not found.failed and not any(one.errors for one in found.ok.values())
    return ExitCode.DONE if well else ExitCode.FINDINGS


def _plain(status_of_one: Any) -> dict[str, Any]:
    return dataclasses.asdict(status_of_one)


def _role(status_of_one: Any) -> str:
    if status_of_one.is_leader:
        return "leader"
    return "learner" if status_of_one.is_learner else "follower"
