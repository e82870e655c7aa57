"""Pid 1 of a hall: owns the router and every machine's namespaces, and does what the controller asks.

Single-threaded, because a process with threads may not step from namespace to namespace.
It answers one request at a time; none of them waits for anything but the kernel and a program's start.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
from pathlib import Path
from typing import Any

from fleetkit.sandbox.hall import _linux, _wire
from fleetkit.sandbox.hall._firewall import Firewall
from fleetkit.sandbox.hall._links import Router
from fleetkit.sandbox.hall._room import Room

__all__ = ["Agent", "serve"]

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_MACHINE_MODULE = "fleetkit.sandbox.machine.init"


class Agent:
    """The state of a hall, changed by the operations that `serve` hands to it."""

    def __init__(self) -> None:
        _linux.mount("none", "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
        _linux.mount("proc", "/proc", "proc", _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC)
        self._own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._router = Router()
        self._firewall = Firewall()
        self._firewall.set_policy([])
        self._firewall.set_faults(cut_ports=[], partitions=[], unplugged=[])
        # Nobody inside needs a user namespace, and one is the first step of most ways out.
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
        self._rooms: dict[str, Room] = {}
        self._ended: dict[int, int] = {}
        self._asked_for: set[int] = set()

    def handle(self, message: dict[str, Any], fds: list[int]) -> tuple[dict[str, Any], list[int]]:
        """Do one operation; the descriptors of the answer are the agent's to close once they are sent."""
        operation = getattr(self, f"_do_{message.pop('op')}")
        answer: tuple[dict[str, Any], list[int]] = operation(fds, **message)
        return answer

    def reap(self) -> None:
        """Collect every child that ended; how it ended is kept for those somebody will ask about."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._asked_for:
                self._ended[pid] = os.waitstatus_to_exitcode(status)

    def _do_add(self, _: list[int], *, machine: str, address: str) -> tuple[dict[str, Any], list[int]]:
        namespace, index = self._router.add_machine(address)
        self._rooms[machine] = Room(network=namespace, link=index, own_pid_namespace=self._own_pid_namespace)
        return {}, []

    def _do_remove(self, _: list[int], *, machine: str) -> tuple[dict[str, Any], list[int]]:
        room = self._rooms.pop(machine)
        room.kill(reap=self.reap)
        self._router.remove_machine(room.network, room.link)
        return {}, []

    def _do_boot(self, fds: list[int], *, machine: str, **plan: Any) -> tuple[dict[str, Any], list[int]]:
        # Imported here and not in the child, so that all machines share the memory of what init is made of.
        import importlib

        init = importlib.import_module(_MACHINE_MODULE)
        pid = self._rooms[machine].boot(fds, run=init.main, **plan)
        return {"pid": pid}, [os.pidfd_open(pid)]

    def _do_exec(self, fds: list[int], *, machine: str, **program: Any) -> tuple[dict[str, Any], list[int]]:
        pid = self._rooms[machine].start(fds, **program)
        self._asked_for.add(pid)
        return {"pid": pid}, [os.pidfd_open(pid)]

    def _do_wait(self, _: list[int], *, pid: int) -> tuple[dict[str, Any], list[int]]:
        self.reap()
        code = self._ended.get(pid)
        if code is not None:
            self._asked_for.discard(pid)
            del self._ended[pid]
        return {"code": code}, []

    def _do_kill(self, _: list[int], *, machine: str) -> tuple[dict[str, Any], list[int]]:
        self._rooms[machine].kill(reap=self.reap)
        return {}, []

    def _do_signal_all(self, _: list[int], *, machine: str, number: int) -> tuple[dict[str, Any], list[int]]:
        return {"count": self._rooms[machine].signal_all(number)}, []

    def _do_socket(self, _: list[int], *, machine: str, kind: str) -> tuple[dict[str, Any], list[int]]:
        namespace = self._router.namespace if machine == "router" else self._rooms[machine].network
        _linux.setns(namespace, _linux.CLONE_NEWNET)
        try:
            return {}, [socket.socket(socket.AF_INET, _KINDS[kind]).detach()]
        finally:
            _linux.setns(self._router.namespace, _linux.CLONE_NEWNET)

    def _do_policy(self, _: list[int], *, allowed: list[list[Any]]) -> tuple[dict[str, Any], list[int]]:
        self._firewall.set_policy(allowed)
        return {}, []

    def _do_faults(self, _: list[int], **faults: Any) -> tuple[dict[str, Any], list[int]]:
        self._firewall.set_faults(**faults)
        return {}, []


def serve(*, lifeline: int, channel: int) -> None:
    """Serve the controller until it is gone; then the kernel ends everything inside."""
    control = socket.socket(fileno=channel)
    wake, woken = socket.socketpair()
    for one in (wake, woken):
        one.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    agent: Agent | None = None
    try:
        agent = Agent()
        _wire.send(control, {"ok": True, "pid": os.getpid()})
    except OSError as error:
        _wire.send(control, {"error": str(error)})
        return
    with selectors.DefaultSelector() as selector:
        for fd in (lifeline, control.fileno(), woken.fileno()):
            selector.register(fd, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if lifeline in ready:
                return
            if woken.fileno() in ready:
                woken.recv(4096)
                agent.reap()
            if control.fileno() in ready and not _answer(agent, control):
                return


def _answer(agent: Agent, control: socket.socket) -> bool:
    try:
        message, fds = _wire.receive(control)
    except ConnectionError:
        return False
    given: list[int] = []
    try:
        answer, given = agent.handle(message, fds)
    except KeyError as error:
        answer = {"error": f"not known to the hall: {error}"}
    except OSError as error:
        answer = {"error": str(error)}
    try:
        _wire.send(control, answer, given)
    except ConnectionError:
        return False
    finally:
        for fd in (*fds, *given):
            os.close(fd)
    return True
