"""What a delivery of secrets does on machines: fetch, remove what is no longer wanted, and look at what lies there."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import FleetkitError
from fleetkit.ssh import Connection, run_command
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows.way_in import WayIn

__all__ = ["find_wrong_files", "remove_files"]


def remove_files(way: WayIn, machine: FleetMachine, paths: Sequence[str]) -> None:
    """Remove files of a machine; one that is not there is no error.

    Raises
    ------
    SshError
        When it cannot be reached.
    """
    with way.connect(machine.address, role=machine.role) as connection:
        run_command(connection, ["sudo", "rm", "-f", "--", *paths])


def find_wrong_files(way: WayIn, machine: FleetMachine, lines: Sequence[str]) -> tuple[str, ...]:
    """Return what is wrong with files on a machine, a clause each.

    Parameters
    ----------
    lines
        Of its manifest.
    """
    wanted = [line.split(" ") for line in lines]
    try:
        with way.connect(machine.address, role=machine.role) as connection:
            found = [_find_fault(connection, *line[:4]) for line in wanted]
    except FleetkitError as error:
        return (error.without_hint,)
    return tuple(f"{line[3]} {fault}" for line, fault in zip(wanted, found, strict=True) if fault)


def _find_fault(connection: Connection, sha256: str, mode: str, owner: str, path: str) -> str:
    seen = run_command(connection, ["sudo", "stat", "-c", "%04a %U:%G", path], check=False)
    if seen.exit_status != 0:
        return "is not there" if seen.exit_status == 1 else "cannot be looked at"
    if seen.stdout.strip() != f"{mode} {owner}":
        return f"is {seen.stdout.strip()}, and was to be {mode} {owner}"
    # Compared here: on a command line there, anybody on the machine could read it.
    told = run_command(connection, ["sudo", "sha256sum", path]).stdout
    return "" if told.split(" ")[0] == sha256 else "is not what was delivered"
