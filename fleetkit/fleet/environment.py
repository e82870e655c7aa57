"""The settings of fleet on a machine, as the environment file that its unit reads. Pure text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleetkit.core import SettingsError

__all__ = ["render_environment"]

_ETCD_PORT = 2379
_PKI = "/etc/fleet/pki"
_WORD = re.compile(r"[A-Za-z0-9._/-]+")
"""What metadata may be made of: fleet splits its list at commas and equal signs, systemd at blanks and quotes."""


def render_environment(
    *,
    members: Mapping[str, str],
    metadata: Mapping[str, str],
    etcd_request_timeout_s: float,
    agent_ttl_s: float,
    engine_reconcile_interval_s: float,
) -> str:
    """Write ``/etc/fleet/fleet.env`` of one role.

    Lines are ``NAME=value`` without quotes, as systemd reads them. What only the machine itself knows, its address,
    zone and type, is added by its unit to ``FLEETKIT_ROLE_METADATA``.

    Parameters
    ----------
    members
        Name of each etcd member to its static address.
    metadata
        What units may ask for of a machine of this role.
    etcd_request_timeout_s, agent_ttl_s, engine_reconcile_interval_s
        fleet's intervals in seconds. Its defaults of 1, 30 and 2 let a short hiccup of etcd unschedule units.

    Raises
    ------
    SettingsError
        When there is no member, metadata could not be read back, or an interval is none.
    """
    if not members:
        raise SettingsError("fleet needs at least one etcd member")
    for key, value in metadata.items():
        if not _WORD.fullmatch(key) or not _WORD.fullmatch(value):
            raise SettingsError(
                "fleet's metadata cannot be written so that fleet reads it back",
                seen=f"{key!r} = {value!r}",
                hint="use letters, digits and . _ / - only",
            )
    if min(etcd_request_timeout_s, agent_ttl_s, engine_reconcile_interval_s) <= 0:
        raise SettingsError("fleet's intervals must be longer than nothing")
    settings = {
        "FLEET_ETCD_SERVERS": ",".join(f"https://{address}:{_ETCD_PORT}" for address in members.values()),
        "FLEET_ETCD_CAFILE": f"{_PKI}/ca.crt",
        "FLEET_ETCD_CERTFILE": f"{_PKI}/client.crt",
        "FLEET_ETCD_KEYFILE": f"{_PKI}/client.key",
        "FLEET_ETCD_REQUEST_TIMEOUT": f"{etcd_request_timeout_s:g}",
        # A duration with its unit, unlike the two others.
        "FLEET_AGENT_TTL": f"{agent_ttl_s:g}s",
        "FLEET_ENGINE_RECONCILE_INTERVAL": f"{engine_reconcile_interval_s:g}",
        "FLEETKIT_ROLE_METADATA": ",".join(f"{key}={value}" for key, value in metadata.items()),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())
