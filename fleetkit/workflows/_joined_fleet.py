"""Whether the very machine at an address is in fleet, and not one that had the address before it."""

from __future__ import annotations

from fleetkit.core import FleetError, NotYet, SshError
from fleetkit.fleet import FleetClient
from fleetkit.ssh import run_command
from fleetkit.workflows.way_in import WayIn

__all__ = ["has_joined_fleet"]


def has_joined_fleet(way: WayIn, address: str) -> bool | NotYet[bool]:
    """Look whether fleet lists the machine at an address by the machine id that it has itself.

    A machine that was replaced at the same address is listed until its time to live has run out.
    """
    try:
        with way.connect(address) as connection:
            own = run_command(connection, "cat /etc/machine-id").stdout.strip()
            joined = {one.id for one in FleetClient(way.open_fleet_socket(connection)).list_machines()}
    except (FleetError, SshError) as error:
        return NotYet(error.without_hint)
    return True if own in joined else NotYet(f"fleet does not list the machine {own} at {address}")
