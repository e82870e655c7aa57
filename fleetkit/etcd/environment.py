"""The settings of one etcd member, as the environment file that its unit reads. Pure text."""

from __future__ import annotations

from collections.abc import Mapping

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.etcd.endpoints import CLIENT_PORT

__all__ = ["render_environment", "render_restore_options"]

_PEER_PORT = 2380
_PKI = "/etc/etcd/pki"
_LONGEST_ELECTION_MS = 50_000
"""etcd's own upper bound."""
_SHORTEST_ELECTION_BEATS = 5
"""etcd does not start with an election time-out of fewer heartbeats."""


def render_environment(
    *,
    name: str,
    members: Mapping[str, str],
    token: str,
    heartbeat_ms: int,
    election_ms: int,
    quota_bytes: int,
    state: str = "new",
) -> str:
    """Write ``/etc/etcd/etcd.env`` of one member.

    Lines are ``NAME=value`` without quotes: both systemd and docker's ``--env-file`` read them literally so.

    Parameters
    ----------
    name
        The member's name, one of ``members``.
    members
        Name of each member to its static address; the initial cluster.
    token
        The initial cluster token: two clusters of the same addresses never mix with different ones.
    heartbeat_ms, election_ms
        Raft's intervals in milliseconds; the same on all members.
    quota_bytes
        Size of the backend in bytes at which etcd raises NOSPACE.
    state
        ``new`` for a cluster's first start, ``existing`` for a member that replaces another.

    Raises
    ------
    NotFoundError
        When ``name`` is not one of the members.
    SettingsError
        When the intervals are such that etcd would not start.
    """
    if name not in members:
        raise NotFoundError(f"there is no member {name}", known=members)
    if state not in ("new", "existing"):
        raise SettingsError("the initial cluster state is new or existing", seen=repr(state))
    if not _SHORTEST_ELECTION_BEATS * heartbeat_ms <= election_ms <= _LONGEST_ELECTION_MS or heartbeat_ms < 1:
        raise SettingsError(
            "etcd would not start with these intervals",
            seen=f"heartbeat {heartbeat_ms} ms, election {election_ms} ms",
            hint=f"the election time-out is at least {_SHORTEST_ELECTION_BEATS} heartbeats, "
            f"better 10, and at most {_LONGEST_ELECTION_MS} ms",
        )
    address = members[name]
    settings = {
        "NAME": name,
        "DATA_DIR": "/var/lib/etcd",
        # fleet keeps its state in the v2 store; etcd 3.5 is the last line that has it.
        "ENABLE_V2": "true",
        "LISTEN_CLIENT_URLS": f"https://{address}:{CLIENT_PORT},https://127.0.0.1:{CLIENT_PORT}",
        "ADVERTISE_CLIENT_URLS": f"https://{address}:{CLIENT_PORT}",
        "LISTEN_PEER_URLS": f"https://{address}:{_PEER_PORT}",
        "INITIAL_ADVERTISE_PEER_URLS": f"https://{address}:{_PEER_PORT}",
        "INITIAL_CLUSTER": _initial_cluster(members),
        "INITIAL_CLUSTER_STATE": state,
        "INITIAL_CLUSTER_TOKEN": token,
        "CERT_FILE": f"{_PKI}/server.crt",
        "KEY_FILE": f"{_PKI}/server.key",
        "TRUSTED_CA_FILE": f"{_PKI}/ca.crt",
        "CLIENT_CERT_AUTH": "true",
        "PEER_CERT_FILE": f"{_PKI}/peer.crt",
        "PEER_KEY_FILE": f"{_PKI}/peer.key",
        "PEER_TRUSTED_CA_FILE": f"{_PKI}/ca.crt",
        "PEER_CLIENT_CERT_AUTH": "true",
        "HEARTBEAT_INTERVAL": str(heartbeat_ms),
        "ELECTION_TIMEOUT": str(election_ms),
        "QUOTA_BACKEND_BYTES": str(quota_bytes),
        # How long requests take is measured only so, and one of etcd's own alerts asks for it.
        "METRICS": "extensive",
    }
    return "".join(f"ETCD_{key}={value}\n" for key, value in settings.items())


def render_restore_options(*, name: str, members: Mapping[str, str], token: str) -> tuple[str, ...]:
    """Return how ``etcdutl snapshot restore`` is told which member of which new cluster it makes.

    Parameters
    ----------
    name, members, token
        As `render_environment` takes them, so that the member starts with what it was restored for.

    Raises
    ------
    NotFoundError
        When ``name`` is not one of the members.
    """
    if name not in members:
        raise NotFoundError(f"there is no member {name}", known=members)
    told = {
        "name": name,
        "initial-cluster": _initial_cluster(members),
        "initial-cluster-token": token,
        "initial-advertise-peer-urls": f"https://{members[name]}:{_PEER_PORT}",
    }
    return tuple(f"--{option}={value}" for option, value in told.items())


def _initial_cluster(members: Mapping[str, str]) -> str:
    return ",".join(f"{member}=https://{at}:{_PEER_PORT}" for member, at in members.items())
