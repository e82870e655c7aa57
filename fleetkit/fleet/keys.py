"""fleet's keys in etcd's v2 store: which of them are live facts, and who leads its engine.

The layout is that of fleet v1.0.0 below its default prefix.
"""

from __future__ import annotations

import json
import re

__all__ = [
    "ENGINE_LEASE",
    "FLEET_KEY",
    "MACHINES_KEY",
    "is_fleet_key",
    "is_live_key",
    "render_lease",
    "target_state_key",
]

FLEET_KEY = "/_coreos.com/fleet"
"""The directory that holds all of fleet's keys."""

_ENGINE_VERSION = 1
_LIVE = re.compile(rf"{FLEET_KEY}/((lease|machines|state|states)|job/[^/]+/job-state)(/.*)?")

MACHINES_KEY = f"{FLEET_KEY}/machines"
"""Where each machine keeps a key alive, below its id."""

ENGINE_LEASE = f"{FLEET_KEY}/lease/engine-leader"
"""Who holds it places units, and takes them off machines that are not there."""


def is_fleet_key(key: str) -> bool:
    """Return whether a key is fleet's own: its prefix, and all below it."""
    return key == FLEET_KEY or key.startswith(f"{FLEET_KEY}/")


def is_live_key(key: str) -> bool:
    """Return whether machines write this key again by themselves while they live.

    Those are machines, states of units, heartbeats and leases; unit files, jobs, their targets and the states that
    were asked for are what people said, and nobody would write them again.
    """
    return _LIVE.fullmatch(key) is not None


def target_state_key(name: str) -> str:
    """Return the key that holds the state which is asked of a unit."""
    return f"{FLEET_KEY}/job/{name}/target-state"


def render_lease(holder: str) -> str:
    """Return the value of a lease as fleet writes it; engines of fleet v1.0.0 leave one of their own version alone."""
    return json.dumps({"MachineID": holder, "Version": _ENGINE_VERSION})
