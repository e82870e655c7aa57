"""What a rotation of the CA does on machines: a member restarts to read whom to trust, and so does fleet."""

from __future__ import annotations

from fleetkit.ssh import run_command
from fleetkit.workflows._rotation_machines import AGES, FleetMachine, main_pid, was_read
from fleetkit.workflows.way_in import WayIn

__all__ = ["ETCD", "FLEET_SERVICE", "find_distrust", "restart_member"]

ETCD = "etcd-member.service"
FLEET_SERVICE = "fleet.service"

_FILES = {ETCD: "/etc/etcd/pki/ca.crt", FLEET_SERVICE: "/etc/fleet/pki/ca.crt"}
_RESTART_S = 120


def find_distrust(way: WayIn, machine: FleetMachine, service: str, trusted: bytes) -> str:
    """Say why a machine's service does not trust what it should; empty where it does.

    Parameters
    ----------
    service
        `ETCD` or `FLEET_SERVICE`; both read whom they trust when they start, and never again.
    trusted
        What its file of trusted CAs has to hold.

    Raises
    ------
    SshError
        When the machine cannot be reached.
    """
    file = _FILES[service]
    with way.connect(machine.address, role=machine.role) as connection:
        held = run_command(connection, ["sudo", "cat", file]).stdout
        pid = main_pid(connection, service)
        if held.split() != trusted.decode("ascii").split():
            return f"{machine.name} has another {file} than was made for it"
        if pid == "0":
            return f"{service} of {machine.name} does not run"
        ages = run_command(connection, ["sudo", "sh", "-c", AGES, "ages", pid, file]).stdout
    return "" if was_read(ages) else f"{service} of {machine.name} runs since before it got its {file}"


def restart_member(way: WayIn, machine: FleetMachine) -> None:
    """Restart a master's etcd; whether it has joined the others is for whoever goes on to see.

    Raises
    ------
    SshError
        When the machine cannot be reached, or the service does not start.
    """
    with way.connect(machine.address, role=machine.role) as connection:
        run_command(connection, ["sudo", "systemctl", "restart", ETCD], limit_s=_RESTART_S)
