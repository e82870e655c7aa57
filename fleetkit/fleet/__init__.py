"""Speaking to fleet v1.0.0: its machines, and the settings that make a machine join.

The API is a unix socket on each machine; how one is opened from here is the caller's matter.
"""

from fleetkit.fleet.client import FleetClient, FleetLimits, SocketLike
from fleetkit.fleet.environment import render_environment
from fleetkit.fleet.values import Machine

__all__ = ["FleetClient", "FleetLimits", "Machine", "SocketLike", "render_environment"]
