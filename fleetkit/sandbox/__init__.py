"""An AWS on this computer: real Terraform against an emulated AWS whose machines really boot.

Nothing but the command line and the tests imports this room, and it imports no other but core.
"""

from fleetkit.sandbox.faults import FaultKind
from fleetkit.sandbox.halls import Network
from fleetkit.sandbox.lifecycle import Sandbox
from fleetkit.sandbox.programs import read_exit_code, receive_terminal, send_to_program
from fleetkit.sandbox.visiting import UNSET_VARIABLES

__all__ = [
    "UNSET_VARIABLES",
    "FaultKind",
    "Network",
    "Sandbox",
    "read_exit_code",
    "receive_terminal",
    "send_to_program",
]
