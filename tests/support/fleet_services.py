"""A fleet whose units offer a service, on machines that are addresses of this computer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.fleet_worlds import World, ok

from fleetkit.fleet import UnitText

__all__ = ["change_state", "service_world"]


def service_world(
    ports: Mapping[str, int], *, name: str = "web", probe: str = "http:/health", role: str = "internal"
) -> World:
    """Return a fleet with one instance of a service on each of some machines.

    Parameters
    ----------
    ports
        Address of each machine to the port on which its instance listens.
    """
    units, states, machines = [], [], []
    for number, (address, port) in enumerate(ports.items(), start=1):
        machine = f"{number:032x}"
        text = f"[Service]\nExecStart=/bin/web\n[X-Service]\nName={name}\nPort={port}\nProbe={probe}\n"
        unit = UnitText.parse(text)
        called = {"name": f"{name}@{number}.service", "machineID": machine}
        options = [one.to_json() for one in unit.options]
        units.append({**called, "options": options, "desiredState": "launched", "currentState": "launched"})
        words = {"systemdLoadState": "loaded", "systemdActiveState": "active", "systemdSubState": "running"}
        states.append({**called, "hash": unit.unit_hash, **words})
        machines.append({"id": machine, "primaryIP": address, "metadata": {"etcd": role}})
    return {
        "/fleet/v1/state": ok(states=states),
        "/fleet/v1/units": ok(units=units),
        "/fleet/v1/machines": ok(machines=machines),
    }


def change_state(world: World, number: int, active: str) -> None:
    """Let systemd say something else of one instance, counted from 1."""
    row: dict[str, Any] = world["/fleet/v1/state"]["json"]["states"][number - 1]
    row["systemdActiveState"] = active
