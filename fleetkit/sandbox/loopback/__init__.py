"""Machines where the kernel forbids namespaces: plain processes, each at a loopback address of its own.

`LoopbackHall` offers what `fleetkit.sandbox.hall.Hall` offers, as far as that goes without namespaces;
`NOT_COVERED` says where it ends.
"""

from fleetkit.sandbox.loopback.coverage import NOT_COVERED
from fleetkit.sandbox.loopback.hall import LoopbackHall
from fleetkit.sandbox.loopback.machine import LoopbackMachine
from fleetkit.sandbox.loopback.table import Row, Table

__all__ = ["NOT_COVERED", "LoopbackHall", "LoopbackMachine", "Row", "Table"]
