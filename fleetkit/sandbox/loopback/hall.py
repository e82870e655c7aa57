"""The hall of the loopback mode: machines are plain processes, each at a loopback address of its own.

They live as long as the process that holds the hall: a pipe tells each of them that it is gone.
Linux only, because elsewhere 127.0.0.1 is the one loopback address there is.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from fleetkit.sandbox.hall.base import BaseHall
from fleetkit.sandbox.hall.errors import HallError
from fleetkit.sandbox.hall.model import METADATA_ADDRESS, Allow, MachineSpec
from fleetkit.sandbox.loopback.block import Block
from fleetkit.sandbox.loopback.listening import TellingListener
from fleetkit.sandbox.loopback.machine import LoopbackMachine
from fleetkit.sandbox.loopback.table import Row, Table, lowest_free_port

__all__ = ["LoopbackHall"]

_ROUTER = "router"
_PASSED_ON = ("LANG", "PATH", "PYTHONPATH", "TMPDIR")
"""The rest of the environment may hold credentials, which are no business of a machine."""


class LoopbackHall(BaseHall[LoopbackMachine]):
    """A hall without namespaces; use it as a context manager, or call `stop`.

    All methods may be called from any thread.

    Attributes
    ----------
    folder
        Where it keeps everything: ``table.json``, ``trust.pem`` and ``machines/<id>/``.
    table
        Where each machine is on this computer.
    """

    def __init__(self, folder: Path, *, trust_pem: bytes) -> None:
        super().__init__(folder)
        self._block = Block()
        self.table = Table(lowest_port=lowest_free_port())
        self._addresses = {_ROUTER: METADATA_ADDRESS}
        self._add_row(METADATA_ADDRESS, root=folder / "router")
        (folder / "trust.pem").write_bytes(trust_pem)
        self._watched, self._lifeline = os.pipe()

    @classmethod
    def start(cls, folder: Path, *, trust_pem: bytes) -> LoopbackHall:
        """Start a hall that keeps its files under ``folder``, which is made when it is not there.

        Parameters
        ----------
        trust_pem
            Certificates by which machines know AWS.

        Raises
        ------
        HallError
            When this computer has no loopback addresses to give.
        """
        folder = folder.resolve()
        (folder / "machines").mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(folder, trust_pem=trust_pem)

    def set_rules(self, rules: Iterable[Allow]) -> None:
        """Take note of nothing: processes of one computer cannot be kept from each other here."""

    def set_hosts(self, hosts: Mapping[str, str]) -> None:
        """Make exactly these names (name to private address) known to all machines, from now on."""
        with self._lock:
            self._set_table(replace(self.table, names=dict(hosts)))

    def listen(self, machine_id: str, address: str, port: int) -> socket.socket:
        """Return a listening TCP socket at a machine's place, or at the router's (``"router"``).

        Those who connect from another machine's place are known by that machine's private address.

        Raises
        ------
        HallError
            When the address is not the machine's, or the port is taken.
        """
        own = self._addresses.get(machine_id)
        if own is None or address not in (own, "127.0.0.1"):
            raise HallError(f"cannot listen on {address}:{port} of {machine_id}", seen="not its address")
        try:
            return TellingListener(self.table.place(address, port, own=own), address_at=self._address_at)
        except OSError as error:
            raise HallError(f"cannot listen on {address}:{port} of {machine_id}", seen=error.strerror) from error

    def connect(self, machine_id: str, address: str, port: int, timeout_s: float) -> socket.socket:
        """Return a TCP connection from a machine's place to another's.

        Raises
        ------
        OSError
            As `socket.create_connection` does; `ConnectionRefusedError` for an address that no machine has.
        HallError
            When there is no machine of that id.
        """
        own = self._addresses.get(machine_id)
        if own is None:
            raise HallError(f"cannot dial from {machine_id}", seen="no such machine")
        try:
            place = self.table.place(address, port, own=own)
        except LookupError as error:
            raise ConnectionRefusedError(str(error)) from error
        return socket.create_connection(place, timeout_s, source_address=(self.table.rows[own].loopback, 0))

    def stop(self) -> None:
        """End the hall with all its processes; the files of its machines stay in its folder."""
        with self._lock:
            if self._lifeline >= 0:
                # All of them hear it at once, and end side by side.
                os.close(self._lifeline)
                os.close(self._watched)
                self._lifeline = -1
            for machine in self._machines.values():
                machine.end_init()
            self._machines.clear()
            self._block.close()

    def _place(self, spec: MachineSpec, folder: Path) -> LoopbackMachine:
        self._add_row(spec.address, root=folder / "root")
        self._addresses[spec.machine_id] = spec.address
        return LoopbackMachine(spec, folder=folder)

    def _displace(self, machine: LoopbackMachine) -> None:
        machine.end_init()
        address = self._addresses.pop(machine.spec.machine_id)
        self._set_table(replace(self.table, rows={k: row for k, row in self.table.rows.items() if k != address}))

    def _end(self, machine: LoopbackMachine) -> None:
        machine.end_init()

    def _address_at(self, loopback: str) -> str:
        return self.table.address_at(loopback)

    def _add_row(self, address: str, *, root: Path) -> None:
        row = Row(address=address, loopback=self._block.next_address(), root=str(root))
        self._set_table(replace(self.table, rows={**self.table.rows, address: row}))

    def _set_table(self, table: Table) -> None:
        self.table = table
        table.write(self.folder / "table.json")

    def _boot(self, machine: LoopbackMachine) -> None:
        spec = machine.spec
        (machine.folder / "events.jsonl").write_text("")
        command = [sys.executable, "-P", "-m", "fleetkit.sandbox.loopback.inside.init", "--hall", str(self.folder)]
        command += ["--folder", str(machine.folder), "--address", spec.address, "--hostname", spec.hostname]
        command += ["--kind", spec.kind, "--lifeline", str(self._watched)]
        with machine.log_path.open("ab") as log:
            init = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                cwd="/",
                pass_fds=(self._watched,),
                start_new_session=True,
            )
        machine.adopt_init(init)
