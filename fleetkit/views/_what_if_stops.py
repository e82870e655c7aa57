"""What stops without a quorum, with a certificate that ran out, or with a rule that is gone."""

from __future__ import annotations

from collections.abc import Collection

from fleetkit.views.what_if_values import ClusterLayout

__all__ = ["NO_QUORUM", "NO_QUORUM_UNTIL", "certificate_stops", "members_cut_off"]

NO_QUORUM = (
    "no key of etcd can be written, and no read is certain to be the newest",
    "fleet starts, stops and moves no unit; units that run go on",
    "no member can be added or removed, so no master can be replaced",
)
"""What nobody can do without a quorum."""

NO_QUORUM_UNTIL = "until enough members are back, or a backup is restored"

_CLIENTS = {
    "fleet": "fleet on every machine loses etcd: no unit is started, stopped or moved",
    "operator": "no command and no notebook reads etcd",
    "ui": "etcd-browser shows nothing",
}
_PEER_RULE = "etcd-peer-from-master-to-master"


def certificate_stops(name: str) -> str:
    """Say what stops with a certificate, by its path in the cluster's pki folder or as an inspection names it."""
    if name == "ca":
        return "nobody trusts any certificate of the cluster: etcd is lost, to its members too"
    kind, _, rest = name.partition("/")
    if kind == "clients":
        return _CLIENTS.get(rest, "its caller is refused by etcd")
    if name.startswith("served by "):
        return f"{name.removeprefix('served by ')} answers no client"
    member, _, use = rest.partition("/")
    if use == "peer":
        return f"the other members refuse {member}, which is lost to the quorum"
    return f"{member} answers no client"


def members_cut_off(layout: ClusterLayout, expired: Collection[str], closed: Collection[str]) -> frozenset[str]:
    """Return the members that the others no longer hear.

    Open connections between members outlive a certificate and a rule; what is judged is what holds once they broke.
    A member alone has nobody to hear.
    """
    names = [one.name for one in layout.members if not one.is_learner]
    if len(names) < 2:
        return frozenset()
    if "ca" in expired or _PEER_RULE in closed:
        return frozenset(names)
    return frozenset(name for name in names if f"members/{name}/peer" in expired)
