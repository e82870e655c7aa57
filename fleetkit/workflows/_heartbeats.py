"""How long ago fleet heard of each machine, read from the keys that machines keep alive in etcd's v2 store."""

from __future__ import annotations

from dataclasses import replace

from fleetkit.core import EtcdError, NotFoundError
from fleetkit.etcd import EtcdLimits, get_key
from fleetkit.fleet import MACHINES_KEY, doubt_silent, find_silent
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows.way_in import WayIn

__all__ = ["doubt_reading"]

_LIMITS = EtcdLimits(total_s=5)


def doubt_reading(reading: UnitReading, way: WayIn) -> UnitReading:
    """Hold what machines say against how long ago they said anything; that this cannot be seen is told too."""
    try:
        machines = get_key(way.endpoints, MACHINES_KEY, recursive=True, tls=way.tls, limits=_LIMITS)
    except NotFoundError:
        return reading
    except EtcdError as error:
        return replace(reading, unheard=f"how long ago machines were heard of is not known: {error.without_hint}")
    # A machine that fleet named a moment before, and whose key has gone since, has not been heard of for all its life.
    left_s = dict.fromkeys((one.id for one in reading.machines), 0.0) | {
        one.key.rpartition("/")[2]: float(key.ttl_s)
        for one in machines.nodes
        for key in one.nodes
        if key.key.endswith("/object") and key.ttl_s is not None
    }
    ttl_s = way.cluster.fleet.agent_ttl_s
    silent = find_silent(left_s, ttl_s=ttl_s)
    if silent.keys() >= left_s.keys() and len(left_s) > 1:
        why = f"etcd is slow, or machines do not run with the agent_ttl_s = {ttl_s} of the cluster file"
        return replace(reading, unheard=f"no machine was heard of for {min(silent.values()):.0f} s: {why}")
    told = "; ".join(
        f"{one.primary_ip or one.id[:8]} was last heard of {silent[one.id]:.0f} s ago"
        for one in reading.machines
        if one.id in silent
    )
    statuses = doubt_silent(reading.statuses, silent, reading.machines)
    return replace(reading, statuses=statuses, unheard=told)
