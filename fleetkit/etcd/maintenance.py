"""Status, members and alarms, as the v3 gateway tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetkit.core import Results
from fleetkit.etcd._asking import context_for, read_first
from fleetkit.etcd._gather import ask_each
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.values import Alarm, Member, MemberStatus

__all__ = [
    "list_alarms",
    "list_members",
    "raft_lag",
    "read_cluster_version",
    "read_member_list",
    "read_status",
    "sort_members",
]


def read_status(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> Results[str, MemberStatus]:
    """Ask every member for its status; needs no quorum.

    Parameters
    ----------
    endpoints
        Whom to ask; their names are the keys of the result.
    tls
        Certificates to call with.
    limits
        Seconds for all together.

    Returns
    -------
    Results
        Endpoint's name to status, or to the `EtcdError` that says why there is none.

    Raises
    ------
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    context = context_for(endpoints, tls)

    def ask(endpoint: Endpoint, deadline: float) -> MemberStatus:
        with Call(endpoint, context=context, deadline=deadline) as call:
            return MemberStatus.from_json(call.post("/v3/maintenance/status", {}))

    return ask_each(endpoints, ask, limits=limits or EtcdLimits())


def read_cluster_version(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> str:
    """Return the version that the members have agreed on, such as ``3.5.0``: the line that all of them run.

    It rises when the last member runs the next line, and etcd does not let it fall again.

    Raises
    ------
    EtcdError
        When no member answered in time.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """

    def read(call: Call) -> str:
        return Fields(call.ask("GET", "/version").body).text("etcdcluster")

    return read_first(endpoints, read, tls=tls, limits=limits, what="the version of the cluster")


def raft_lag(statuses: Mapping[str, MemberStatus]) -> dict[str, int]:
    """Return by how many entries each member's applied log lies behind the furthest one."""
    furthest = max((status.raft_index for status in statuses.values()), default=0)
    return {name: furthest - status.raft_applied_index for name, status in statuses.items()}


def list_members(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> tuple[Member, ...]:
    """List the members as the first one that answers knows them; needs no quorum.

    Raises
    ------
    EtcdError
        When no member answered in time.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    return read_first(endpoints, read_member_list, tls=tls, limits=limits, what="the member list")


def list_alarms(
    endpoints: Sequence[Endpoint], *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> tuple[Alarm, ...]:
    """List the alarms that are raised; without a quorum etcd does not answer this.

    Raises
    ------
    EtcdError
        When no member answered in time.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """

    def read(call: Call) -> tuple[Alarm, ...]:
        answer = Fields(call.post("/v3/maintenance/alarm", {"action": "GET"}))
        return tuple(Alarm.from_json(fields) for fields in answer.children("alarms"))

    return read_first(endpoints, read, tls=tls, limits=limits, what="the list of alarms")


def read_member_list(call: Call) -> tuple[Member, ...]:
    """Read the member list over an open connection, in the order of the members' names."""
    return sort_members(Fields(call.post("/v3/cluster/member/list", {"linearizable": False})))


def sort_members(answer: Fields) -> tuple[Member, ...]:
    """Read the members out of an answer, in the order of their names."""
    members = [Member.from_json(fields) for fields in answer.children("members")]
    return tuple(sorted(members, key=lambda member: (member.name, member.id)))
