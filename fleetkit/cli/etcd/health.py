"""``fleetkit etcd health``: who is healthy, who is not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleetkit.cli._etcd_options import EtcdSource, etcd_options, open_source
from fleetkit.cli._exit import ExitCode
from fleetkit.cli._output import cluster_argument, json_option, print_json, print_lines, print_note, print_table

if TYPE_CHECKING:
    from fleetkit.etcd import ClusterHealth

__all__ = ["command"]


@click.command("health")
@cluster_argument
@etcd_options
@json_option
def command(cluster: str | None, as_json: bool, **options: Any) -> int:
    """Tell of every member whether it is healthy and why not, and whether the quorum is.

    Exits 0 when all are healthy, 3 when the quorum is degraded or lost, a member is ill, or less is there than was once
    backed up, 1 when the trouble is on this side, so that nothing can be said. That members run a version with known
    flaws is told, and that certificates soon expire; neither changes the exit code.
    """
    from fleetkit.etcd import Verdict, tell_version

    with open_source(cluster, **options) as source:
        found = source.read_health()
        setback = _look_back(source, found)
        below = _find_below_floor(source, found)
        certificates = _look_ahead(source)
    if as_json:
        keys = ("name", "id", "healthy", "reason", "took_ms")
        members = [{key: getattr(member, key) for key in keys} for member in found.members]
        verdict = {
            "verdict": found.verdict,
            "tolerates": found.tolerates,
            "setback": setback,
            "certificates": certificates,
        }
        print_json({**verdict, "below_floor": below, "members": members})
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
        if setback:
            print_lines(setback)
        for version in sorted(set(below.values())):
            names = ", ".join(name for name, one in below.items() if one == version)
            print_lines(f"{names} run etcd {tell_version(version)}")
        if source.workspace is not None:
            from fleetkit.workflows import list_next_steps

            print_lines(*list_next_steps(found, cluster=source.workspace.cluster.name))
            print_lines(*filter(None, [certificates]))
    if found.verdict is Verdict.UNKNOWN:
        return ExitCode.FAILED
    return ExitCode.DONE if found.verdict is Verdict.HEALTHY and not setback else ExitCode.FINDINGS


def _look_ahead(source: EtcdSource) -> str:
    """Say what is to be done about the cluster's certificates, however healthy its members are today."""
    if source.workspace is None:
        return ""
    from fleetkit.workflows import warn_of_certificates

    return warn_of_certificates(source.workspace)


def _find_below_floor(source: EtcdSource, found: ClusterHealth) -> dict[str, str]:
    """Return name and version of the members that serve and run a version with known flaws."""
    from fleetkit.etcd import is_below_floor, read_status

    pairs = zip(source.endpoints, found.members, strict=True)
    names = {endpoint.name: one.name for endpoint, one in pairs if one.serves}
    asked = [one for one in source.endpoints if one.name in names]
    statuses = read_status(asked, tls=source.tls, limits=source.limits).ok if asked else {}
    return {names[name]: one.version for name, one in statuses.items() if is_below_floor(one.version)}


def _look_back(source: EtcdSource, found: ClusterHealth) -> str:
    """Say what a cluster has lost since its last backup, however healthy its members are.

    Where the bucket cannot be asked, that is noted: etcd is none the worse for it.
    """
    if source.workspace is None:
        return ""
    from fleetkit.core import FleetkitError
    from fleetkit.workflows import find_setback

    try:
        return find_setback(source.workspace, source.endpoints, found, tls=source.tls, limits=source.limits)
    except FleetkitError as error:
        print_note(f"whether etcd holds what the last backup held is not known: {error.what}")
        return ""
