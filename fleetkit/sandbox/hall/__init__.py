"""Machines without root: namespaces, a router that obeys rules, and processes that leave with their parent.

`Hall.start` makes a hall; `Hall.add_machine` gives it machines.
Where the kernel forbids it, `HallUnavailableError` names the step that failed.
"""

from fleetkit.sandbox.hall._root import BOOT_ID
from fleetkit.sandbox.hall.errors import HallError, HallUnavailableError
from fleetkit.sandbox.hall.hall import Hall
from fleetkit.sandbox.hall.machine import MACHINE_ENVIRONMENT, REBOOT_SIGNAL, Machine
from fleetkit.sandbox.hall.model import Allow, MachineKind, MachineSpec, MachineState, Protocol
from fleetkit.sandbox.hall.probe import require_hall
from fleetkit.sandbox.hall.process import Completed, Process

__all__ = [
    "BOOT_ID",
    "MACHINE_ENVIRONMENT",
    "REBOOT_SIGNAL",
    "Allow",
    "Completed",
    "Hall",
    "HallError",
    "HallUnavailableError",
    "Machine",
    "MachineKind",
    "MachineSpec",
    "MachineState",
    "Process",
    "Protocol",
    "require_hall",
]
