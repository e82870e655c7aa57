"""The hall: machines without root, each with its own network, root and processes.

A user namespace holds a router; each machine hangs on it by a line of its own, and what passes is judged there.
The hall lives as long as the process that started it, and not a moment longer, however that process ends.
Linux only.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from fleetkit.sandbox.hall._faults import Faults
from fleetkit.sandbox.hall._link_to_agent import AgentLink
from fleetkit.sandbox.hall._names import write_names
from fleetkit.sandbox.hall._root import find_shared_folders, make_skeleton
from fleetkit.sandbox.hall.base import BaseHall
from fleetkit.sandbox.hall.errors import HallError
from fleetkit.sandbox.hall.machine import Machine
from fleetkit.sandbox.hall.model import Allow, MachineSpec
from fleetkit.sandbox.hall.probe import require_hall

__all__ = ["Hall"]


class Hall(BaseHall[Machine]):
    """A running hall; use it as a context manager, or call `stop`.

    All methods may be called from any thread.

    Attributes
    ----------
    folder
        Where it keeps everything: ``hall.log`` and ``machines/<id>/``.
    faults
        Breaks the network on purpose, and heals it.
    """

    def __init__(self, folder: Path, *, trust_pem: bytes, link: AgentLink) -> None:
        super().__init__(folder)
        self._trust_pem = trust_pem
        self._link = link
        self._hosts: dict[str, str] = {}
        self._shared = find_shared_folders()
        self.faults = Faults(self._address_of, link)

    @classmethod
    def start(cls, folder: Path, *, trust_pem: bytes) -> Hall:
        """Start a hall that keeps its files under ``folder``, which is made when it is not there.

        Parameters
        ----------
        trust_pem
            Certificates that every machine trusts beside those that the host trusts; may be empty.

        Raises
        ------
        HallUnavailableError
            When this computer does not allow it; names the step that failed and what to do.
        """
        folder = folder.resolve()
        require_hall()
        (folder / "machines").mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(folder, trust_pem=trust_pem, link=AgentLink(folder))

    @property
    def stub_pid(self) -> int:
        """Pid of the process whose death ends the hall."""
        return self._link.stub_pid

    def freeze_machine(self, machine_id: str) -> None:
        """Let no process of the machine go on; what waits for it waits."""
        self._link.ask("signal_all", machine=self.machine(machine_id).spec.machine_id, number=signal.SIGSTOP)

    def thaw_machine(self, machine_id: str) -> None:
        """Let the machine go on after `freeze_machine`."""
        self._link.ask("signal_all", machine=self.machine(machine_id).spec.machine_id, number=signal.SIGCONT)

    def set_rules(self, rules: Iterable[Allow]) -> None:
        """Let through between machines exactly what ``rules`` allow, from now on and at once.

        Connections that are open stay so, as on AWS; a new hall lets through nothing.
        """
        allowed = dict.fromkeys((rule.source, rule.destination, rule.protocol, rule.ports) for rule in rules)
        self._link.ask("policy", allowed=list(allowed))

    def set_hosts(self, hosts: Mapping[str, str]) -> None:
        """Make exactly these names (name to address) known to all machines, from now on."""
        with self._lock:
            self._hosts = dict(hosts)
            for machine in self._machines.values():
                write_names(machine.folder / "names", machine.spec, self._hosts)

    def open_socket(self, machine_id: str, *, kind: Literal["tcp", "udp"] = "tcp") -> socket.socket:
        """Return an unbound socket that lives in the machine's network, or in the router's (``"router"``)."""
        _, fds = self._link.ask("socket", machine=machine_id, kind=kind)
        return socket.socket(fileno=fds[0])

    def listen(self, machine_id: str, address: str, port: int) -> socket.socket:
        """Return a listening TCP socket of the machine's network, or of the router's (``"router"``).

        The router has the metadata service's address, 169.254.169.254; each machine is known by its peer address.

        Raises
        ------
        HallError
            When the address is not the machine's, or the port is taken.
        """
        listener = self.open_socket(machine_id)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise HallError(f"cannot listen on {address}:{port} of {machine_id}", seen=error.strerror) from error
        return listener

    def connect(self, machine_id: str, address: str, port: int, timeout_s: float) -> socket.socket:
        """Return a TCP connection that was dialled from inside the machine's network.

        Raises
        ------
        OSError
            As `socket.socket.connect` does: `TimeoutError` after ``timeout_s`` seconds, `ConnectionRefusedError`, …
        """
        connection = self.open_socket(machine_id)
        try:
            connection.settimeout(timeout_s)
            connection.connect((address, port))
        except BaseException:
            connection.close()
            raise
        return connection

    def stop(self) -> None:
        """End the hall with all its processes; the files of its machines stay in its folder."""
        self._link.close()
        for machine in self._machines.values():
            machine.adopt_init(None)
        self._machines.clear()

    def _address_of(self, machine_id: str) -> str:
        return self.machine(machine_id).spec.address

    def _place(self, spec: MachineSpec, folder: Path) -> Machine:
        write_names(folder / "names", spec, self._hosts)
        self._link.ask("add", machine=spec.machine_id, address=spec.address)
        return Machine(spec, folder=folder, link=self._link)

    def _displace(self, machine: Machine) -> None:
        self._link.ask("remove", machine=machine.spec.machine_id)
        machine.adopt_init(None)

    def _end(self, machine: Machine) -> None:
        self._link.ask("kill", machine=machine.spec.machine_id)
        machine.adopt_init(None)

    def _build_root(self, machine: Machine) -> None:
        from fleetkit.sandbox.machine.image import write_image

        root = machine.folder / "root"
        make_skeleton(root, self._shared)
        write_image(root, kind=machine.spec.kind, trust_pem=self._trust_pem)

    def _boot(self, machine: Machine) -> None:
        spec = machine.spec
        events = machine.folder / "events.jsonl"
        events.unlink(missing_ok=True)
        # Descriptors, because the machine must not learn where on the host its files lie.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        opened: list[int] = []
        try:
            opened += [os.open(machine.log_path, flags, 0o600), os.open(events, flags, 0o600)]
            plan = {
                "machine": spec.machine_id,
                "kind": spec.kind,
                "hostname": spec.hostname,
                "address": spec.address,
                "root": str(machine.folder / "root"),
                "names": str(machine.folder / "names"),
                "shared": self._shared,
            }
            _, fds = self._link.ask("boot", fds=opened, machine=spec.machine_id, plan=plan)
            machine.adopt_init(fds[0])
        finally:
            for fd in opened:
                os.close(fd)
