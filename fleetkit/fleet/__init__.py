"""Speaking to fleet v1.0.0: its machines, its keys in etcd, and the settings that make a machine join.

The API is a unix socket on each machine; how one is opened from here is the caller's matter.
"""

from fleetkit.fleet.client import FleetClient, FleetLimits, SocketLike
from fleetkit.fleet.environment import render_environment
from fleetkit.fleet.keys import ENGINE_LEASE, is_live_key, render_lease
from fleetkit.fleet.values import Machine

__all__ = [
    "ENGINE_LEASE",
    "FleetClient",
    "FleetLimits",
    "Machine",
    "SocketLike",
    "is_live_key",
    "render_environment",
    "render_lease",
]
