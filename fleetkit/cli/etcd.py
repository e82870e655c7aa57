"""``fleetkit etcd``: health, status and members of a cluster's etcd, or of any other."""

from __future__ import annotations

from typing import Any

import click

from fleetkit.cli._etcd_options import etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_table
from fleetkit.core import FAULT_TOLERANCE_TABLE, EtcdError

__all__ = ["command"]


@click.group()
def command() -> None:
    """Health, status and members of etcd.

    Of CLUSTER through its way in; or, with --endpoints, of any etcd, named as etcdctl names it.
    etcdctl's own variables (ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY, ETCDCTL_COMMAND_TIMEOUT)
    are read where no cluster and no option is given.
    """


@command.command("health")
@cluster_argument
@etcd_options
@json_option
def _health(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Tell of every member whether it is healthy and why not, and whether the quorum is.

    Exits 0 when all are healthy, 3 when the quorum is degraded or lost or a member is ill,
    1 when the trouble is on this side, so that nothing can be said.
    """
    from fleetkit.etcd import Verdict

    with open_source(cluster, **options) as source:
        found = source.read_health()
    if as_json:
        keys = ("name", "id", "healthy", "reason", "took_ms")
        members = [{key: getattr(member, key) for key in keys} for member in found.members]
        print_json({"verdict": found.verdict, "tolerates": found.tolerates, "members": members})
    else:
        print_table(
            ("name", "id", "healthy", "took", "reason"),
            [
                (one.name, one.id, "yes" if one.healthy else "no", f"{one.took_ms:.0f} ms", one.reason)
                for one in found.members
            ],
        )
        serving = sum(one.serves and not one.is_learner for one in found.members)
        print_lines(
            f"etcd is {found.verdict}: {serving} of {found.voters} voters serve, {found.required} are a quorum, "
            f"{found.tolerates} more may fail"
        )
    if found.verdict is Verdict.UNKNOWN:
        return ExitCode.FAILED
    return ExitCode.DONE if found.verdict is Verdict.HEALTHY else ExitCode.FINDINGS


@command.command("status")
@cluster_argument
@etcd_options
@json_option
def _status(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Tell of every member its version, its place in the log, its size and its errors.

    Exits 3 when a member does not answer or has errors to report, 1 when none answers.
    """
    from fleetkit.etcd import raft_lag, read_status

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
                    name, one.member_id, one.version, _role(one), one.raft_term, one.raft_index, lag[name],
                    _mebibytes(one.db_size), _mebibytes(one.db_size_in_use), "; ".join(one.errors),
                )
                for name, one in found.items()
            ],
        )  # fmt: skip
    well = not found.failed and not any(one.errors for one in found.ok.values())
    return ExitCode.DONE if well else ExitCode.FINDINGS


@command.command("members")
@cluster_argument
@etcd_options
@json_option
def _members(cluster: str | None, as_json: bool, **options: Any) -> int:
    """List the members, as the first one that answers knows them."""
    from fleetkit.etcd import list_members

    with open_source(cluster, **options) as source:
        found = list_members(source.endpoints, tls=source.tls, limits=source.limits)
    if as_json:
        print_json({"members": found})
    else:
        print_table(
            ("id", "name", "peer urls", "client urls", "learner"),
            [
                (one.id, one.name or "(not started)", " ".join(one.peer_urls), " ".join(one.client_urls),
                 "yes" if one.is_learner else "no")
                for one in found
            ],
        )  # fmt: skip
    return ExitCode.DONE


@command.command("tolerance")
@json_option
def _tolerance(as_json: bool) -> int:
    """Show how many members may fail, by the number of members."""
    columns = ("members", "quorum", "may fail")
    if as_json:
        print_json([dict(zip(("members", "quorum", "tolerates"), row, strict=True)) for row in FAULT_TOLERANCE_TABLE])
    else:
        print_table(columns, FAULT_TOLERANCE_TABLE)
    return ExitCode.DONE


def _plain(status_of_one: Any) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(status_of_one)


def _role(status_of_one: Any) -> str:
    if status_of_one.is_leader:
        return "leader"
    return "learner" if status_of_one.is_learner else "follower"


def _mebibytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB"
