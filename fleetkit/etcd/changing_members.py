"""Changing who the members are: adding a learner, making it a voter, removing a member.

etcd guards this itself (strict reconfiguration check, the default): it refuses what could cost the quorum, and
everything until all members have been connected for five seconds. Such refusals are errors that may pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import NotFoundError
from fleetkit.etcd._changing import ask_change, plain_id
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.maintenance import list_members, sort_members
from fleetkit.etcd.values import Member

__all__ = ["add_learner", "promote_learner", "remove_member"]


def add_learner(
    endpoints: Sequence[Endpoint],
    peer_urls: Sequence[str],
    *,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> Member:
    """Add a member that learns and does not vote, so that it cannot cost the quorum while it catches up.

    Parameters
    ----------
    peer_urls
        Where its peers will find it; it is started afterwards.

    Returns
    -------
    Member
        The new member, with its id and without a name until it has started.

    Raises
    ------
    EtcdError
        When etcd refuses: there is a learner already, a member with these peer URLs, or a member that is ill.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    body = {"peerURLs": list(peer_urls), "isLearner": True}
    what = f"adding a learner at {', '.join(peer_urls)}"
    answer = ask_change(endpoints, "/v3/cluster/member/add", body, tls=tls, limits=limits, what=what)
    return Member.from_json(answer.child("member"))


def promote_learner(
    endpoints: Sequence[Endpoint], member_id: str, *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> tuple[Member, ...]:
    """Make a learner a voting member.

    Parameters
    ----------
    member_id
        In hex.

    Returns
    -------
    tuple of Member
        The members afterwards.

    Raises
    ------
    NotFoundError
        When there is no such member; lists those that there are.
    EtcdError
        When etcd refuses: it has not caught up with the leader yet, or votes already.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    return _change_one(endpoints, "promote", member_id, tls=tls, limits=limits, what="promoting")


def remove_member(
    endpoints: Sequence[Endpoint], member_id: str, *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> tuple[Member, ...]:
    """Remove a member for good: it ends, and cannot come back with what is on its disk.

    Parameters
    ----------
    member_id
        In hex.

    Returns
    -------
    tuple of Member
        The members that are left.

    Raises
    ------
    NotFoundError
        When there is no such member; lists those that there are.
    EtcdError
        When etcd refuses: too few of those that would be left are well.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    return _change_one(endpoints, "remove", member_id, tls=tls, limits=limits, what="removing")


def _change_one(
    endpoints: Sequence[Endpoint],
    verb: str,
    member_id: str,
    *,
    tls: TlsFiles | None,
    limits: EtcdLimits | None,
    what: str,
) -> tuple[Member, ...]:
    known = list_members(endpoints, tls=tls, limits=limits)
    if member_id not in {member.id for member in known}:
        raise NotFoundError(
            f"etcd has no member with the id {member_id}",
            known=[f"{member.id} ({member.name or 'not started'})" for member in known],
        )
    what = f"{what} member {member_id}"
    path, body = f"/v3/cluster/member/{verb}", {"ID": plain_id(member_id)}
    return sort_members(ask_change(endpoints, path, body, tls=tls, limits=limits, what=what))
