"""A unit of fleet's in a deployed cluster, and the process that it is on its machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.e2e_world import CLUSTER, World

__all__ = ["deploy_units", "lasting_unit", "process_of"]


def deploy_units(world: World, folder: Path, units: Mapping[str, str], *more: str) -> None:
    """Write unit files, and deploy them by command."""
    folder.mkdir(exist_ok=True)
    for name, text in units.items():
        (folder / name).write_text(text)
    world.fleetkit("units", "deploy", CLUSTER, str(folder), *more, "--approve", CLUSTER).must(0)


def process_of(world: World, unit: str) -> tuple[str, str]:
    """Return the address of the machine that runs a unit, and its process there."""
    (told,) = world.fleetkit("units", "status", CLUSTER, unit, "--json").must(0).json()["units"]
    assert told["verdict"] == "running", told
    machines = world.fleetkit("machines", "list", CLUSTER, "--json").must(0).json()["machines"]
    (address,) = (one["address"] for one in machines if one["id"] == told["machine_id"])
    asked = ("systemctl", "show", "--property", "MainPID", "--value", unit)
    shell = world.fleetkit("sandbox", "shell", "--dir", str(world.box), address, "--", *asked)
    return address, shell.must(0).out.strip()


@contextmanager
def lasting_unit(world: World, folder: Path) -> Iterator[str]:
    """Have a unit run for the length of a block."""
    name = "lasting.service"
    deploy_units(world, folder, {name: "[Service]\nExecStart=/bin/sleep 1000000\n"})
    yield name
    world.fleetkit("units", "destroy", CLUSTER, name, "--approve", CLUSTER).must(0)
