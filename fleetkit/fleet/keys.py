"""fleet's keys in etcd's v2 store: which of them are live facts, and who leads its engine.

The layout is that of fleet v1.0.0 below its default prefix.
"""

from __future__ import annotations

import json
import re

__all__ = ["ENGINE_LEASE", "MACHINES_KEY", "is_fleet_key", "is_live_key", "render_lease", "target_state_key"]

_PREFIX = "/_coreos.com/fleet"
_ENGINE_VERSION = 1
_LIVE = re.compile(rf"{_PREFIX}/((lease|machines|state|states)|job/[^/]+/job-state)(/.*)?")

MACHINES_KEY = f"{_PREFIX}/machines"
"""Where each machine keeps a key alive, below its id."""

ENGINE_LEASE = f"{_PREFIX}/lease/engine-leader"
"""Who holds it places units, and takes them off machines that are not there."""


def is_fleet_key(key: str) -> bool:
    """Return whether a key is fleet's own: its prefix, and all below it."""
    return key == _PREFIX or key.startswith(f"{_PREFIX}/")


def is_live_key(key: str) -> bool:
    """Return whether machines write this key again by themselves while they live.

    Those are machines, states of units, heartbeats and leases; unit files, jobs, their targets and the states that
    were asked for are what people said, and nobody would write them again.
    """
    return _LIVE.fullmatch(key) is not None


def target_state_key(name: str) -> str:
    """Return the key that holds the state which is asked of a unit."""
    return f"{_PREFIX}/job/{name}/target-state"


def render_lease(holder: str) -> str:
    """Return the value of a lease as fleet writes it; engines of fleet v1.0.0 leave one of their own version alone."""
    return json.dumps({"MachineID": holder, "Version": _ENGINE_VERSION})
