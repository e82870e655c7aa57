"""The daemon's side of the control socket."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from fleetkit.core import FleetkitError, NotFoundError
from fleetkit.sandbox.control import describe_error, read_messages, receive_request, send_message
from fleetkit.sandbox.faults import FaultBook
from fleetkit.sandbox.hall import MACHINE_ENVIRONMENT, Process
from fleetkit.sandbox.halls import AnyMachine
from fleetkit.sandbox.running import RunningSandbox

__all__ = ["ControlServer"]

_VISITOR = "vpn"


class ControlServer:
    """Answers commands; each connection has a thread of its own.

    Parameters
    ----------
    listener
        The control socket.
    sandbox
        What the commands are about.
    describe
        Returns what ``status`` shows.
    end
        Called when somebody asks for the end.
    """

    def __init__(
        self,
        listener: socket.socket,
        sandbox: RunningSandbox,
        *,
        describe: Callable[[], dict[str, Any]],
        end: Callable[[], None],
    ) -> None:
        self._listener = listener
        self._sandbox = sandbox
        self._describe = describe
        self._end = end
        self._faults = FaultBook(sandbox.hall, self._find)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="control", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            fds: list[int] = []
            try:
                message, fds = receive_request(connection)
                self._answer(connection, message, fds)
            except FleetkitError as error:
                _send(connection, describe_error(error))
            except (OSError, ValueError, KeyError) as error:
                _send(connection, {"error": f"the sandbox could not do it: {error!r}"})
            finally:
                for fd in fds:
                    os.close(fd)

    def _answer(self, connection: socket.socket, message: dict[str, Any], fds: list[int]) -> None:
        operation = message["op"]
        if operation == "status":
            send_message(connection, {"value": self._describe()})
        elif operation == "machines":
            reports = [dataclasses.asdict(one) for one in self._sandbox.reconciler.machines()]
            send_message(connection, {"value": reports})
        elif operation == "fault":
            send_message(connection, {"value": self._faults.answer(message)})
        elif operation == "down":
            self._end()
            # Kept open: the daemon's end closes it, so that whoever asked knows when.
            threading.Event().wait()
        elif operation == "exec":
            machine = self._sandbox.hall.machine(_VISITOR)
            with machine.exec(
                message["argv"],
                env=message["env"],
                cwd=message["cwd"],
                stdin=fds[0],
                stdout=fds[1],
                stderr=fds[2],
            ) as process:
                _follow(connection, process)
        elif operation == "shell":
            machine = self._sandbox.hall.machine(self._find(message["machine"]))
            self._open_shell(connection, machine, message, fds)
        else:
            raise NotFoundError(f"no such request: {operation!r}")

    def _find(self, wanted: str) -> str:
        """Return the instance id of the machine that is meant by it, by a name or by an address."""
        reports = self._sandbox.reconciler.machines()
        for report in reports:
            if wanted in (report.instance_id, report.name, report.address, report.public_address):
                return report.instance_id
        raise NotFoundError(
            f"no machine {wanted!r} in this sandbox", known=[report.name or report.instance_id for report in reports]
        )

    def _open_shell(
        self, connection: socket.socket, machine: AnyMachine, message: dict[str, Any], fds: list[int]
    ) -> None:
        argv = message["argv"] or ["/bin/bash", "-l"]
        env = {**MACHINE_ENVIRONMENT, "TERM": message["term"]}
        if not message["tty"]:
            with machine.exec(argv, env=env, stdin=fds[0], stdout=fds[1], stderr=fds[2]) as process:
                _follow(connection, process)
            return
        with machine.exec(argv, env=env, tty=True) as process:
            if process.terminal is None:
                raise NotFoundError("the program has no terminal")
            send_message(connection, {"value": "started"}, fds=(process.terminal,))
            _follow(connection, process)


def _follow(connection: socket.socket, process: Process) -> None:
    """Pass signals on to a program until it ends, and its exit code back; it ends when the other side is gone."""

    def pass_on() -> None:
        try:
            for message in read_messages(connection):
                if "signal" in message:
                    process.send_signal(message["signal"])
                elif "rows" in message:
                    process.resize(rows=message["rows"], columns=message["columns"])
        except OSError:
            pass
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)

    threading.Thread(target=pass_on, name="signals", daemon=True).start()
    _send(connection, {"code": process.wait()})
    connection.shutdown(socket.SHUT_RDWR)


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    try:
        send_message(connection, message)
    except OSError:
        # Whoever asked is gone, which is all that the answer could have told.
        return
