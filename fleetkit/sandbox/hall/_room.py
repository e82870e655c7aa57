"""One machine as the agent sees it: its namespaces, its init, and what was started in it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fleetkit.sandbox.hall import _linux
from fleetkit.sandbox.hall._root import cover_names, mount_root
from fleetkit.sandbox.hall.spawning import fork_child, keep_only, read_failure, run_program

__all__ = ["Room"]

_INNER = _linux.CLONE_NEWNS | _linux.CLONE_NEWUTS | _linux.CLONE_NEWIPC
_SPACES = {"mnt": _linux.CLONE_NEWNS, "uts": _linux.CLONE_NEWUTS, "ipc": _linux.CLONE_NEWIPC}


class Room:
    """A machine's place in the hall.

    Parameters
    ----------
    network
        Descriptor of its network namespace.
    link
        Index of the router's end of its line.
    own_pid_namespace
        Descriptor of the agent's pid namespace.
    """

    def __init__(self, *, network: int, link: int, own_pid_namespace: int) -> None:
        self.network = network
        self.link = link
        self._own_pid_namespace = own_pid_namespace
        self._init: int | None = None  # a pidfd: a number may be another process's by the time it is used
        self._spaces: dict[str, int] = {}

    def boot(self, fds: Sequence[int], *, run: Callable[..., None], plan: dict[str, Any]) -> int:
        """Start the machine's init in a root of its own and return its pid.

        ``fds`` are the console and the file of its events; ``plan`` says what its root is made of.
        """
        complaints, complaint = os.pipe()

        def become_init() -> None:
            try:
                _linux.setns(self.network, _linux.CLONE_NEWNET)
                _linux.unshare(_INNER)
                mount_root(Path(plan["root"]), shared=tuple(plan["shared"]), names=Path(plan["names"]))
                _linux.set_hostname(plan["hostname"])
                _linux.set_name(f"init {plan['machine']}")
                _linux.drop_privileges()
                os.setsid()
                os.umask(0o022)
                os.environ.clear()
            except OSError as error:
                os.write(complaint, str(error).encode())
                raise
            nothing = os.open("/dev/null", os.O_RDONLY)
            keep_only((nothing, fds[0], fds[0], fds[1]))
            run(plan["machine"], kind=plan["kind"], hostname=plan["hostname"], address=plan["address"], events=3)

        try:
            pid = fork_child(become_init, own_pid_namespace=self._own_pid_namespace)
        finally:
            os.close(complaint)
        self._raise_complaint(complaints)
        self._init = os.pidfd_open(pid)
        self._spaces = {name: _open_space(pid, name) for name in (*_SPACES, "pid")}
        return pid

    def start(
        self, fds: Sequence[int], *, argv: list[str], env: dict[str, str], cwd: str, tty: bool, names: str
    ) -> int:
        """Start a program with ``fds`` as its first descriptors, and return its pid once it runs.

        In a machine that booted it runs in that machine's root; elsewhere in the host's, with the hall's names.
        """
        complaints, complaint = os.pipe()

        def become_program() -> None:
            _linux.setns(self.network, _linux.CLONE_NEWNET)
            for name, flag in _SPACES.items():
                if name in self._spaces:
                    _linux.setns(self._spaces[name], flag)
            if not self._spaces:
                _linux.unshare(_linux.CLONE_NEWNS)
                cover_names(Path(names))
            kept = keep_only((*fds, complaint))
            run_program(argv, env=env, cwd=cwd, tty=tty, complaint=kept[-1])

        try:
            pid = fork_child(
                become_program,
                pid_namespace=self._spaces.get("pid", self._own_pid_namespace),
                own_pid_namespace=self._own_pid_namespace,
            )
        finally:
            os.close(complaint)
        self._raise_complaint(complaints)
        return pid

    def signal_all(self, number: int) -> int:
        """Send a signal to every process of the machine, until a look finds no new one; return how many got it."""
        done: set[int] = set()
        while new := self._processes() - done:
            for pid in sorted(new):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            done |= new
        return len(done)

    def kill(self, *, reap: Callable[[], None]) -> None:
        """Kill every process of the machine and wait until the kernel has buried them.

        ``reap`` collects the agent's children: an init ends only when all of its namespace are collected,
        and what the agent started in there is the agent's to collect.
        """
        if self._init is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            while not select.select([self._init], [], [], 0.002)[0]:
                reap()
            os.close(self._init)
            self._init = None
        while self.signal_all(signal.SIGKILL):
            reap()
        for fd in self._spaces.values():
            os.close(fd)
        self._spaces = {}

    def _processes(self) -> set[int]:
        wanted = os.fstat(self.network).st_ino
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                # A process that ends while it is looked at is one less to care for.
                with suppress(OSError):
                    if (entry / "ns/net").stat().st_ino == wanted:
                        found.add(int(entry.name))
        return found

    def _raise_complaint(self, complaints: int) -> None:
        try:
            failure = read_failure(complaints)
        finally:
            os.close(complaints)
        if failure is not None:
            raise OSError(failure)


def _open_space(pid: int, name: str) -> int:
    return os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
