"""Asking a sandbox that runs, starting programs in it, and breaking its machines on purpose."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fleetkit.core import NotFoundError
from fleetkit.sandbox.control import ask, send_message
from fleetkit.sandbox.faults import HIT_S, FaultKind
from fleetkit.sandbox.folder import SandboxFolder
from fleetkit.sandbox.programs import run_to_end

__all__ = ["ANSWER_S", "UNSET_VARIABLES", "SandboxVisit"]

UNSET_VARIABLES = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "FLEETKIT_SIGNING_KEY")
"""Variables that would lead past the sandbox, and that its environment takes away."""

ANSWER_S = 30.0
"""How long an answer of a sandbox is waited for."""


class SandboxVisit:
    """A sandbox as whoever comes to it sees it; it may run or not.

    Parameters
    ----------
    folder
        Its folder.
    """

    def __init__(self, folder: SandboxFolder) -> None:
        self.folder = folder

    @property
    def is_running(self) -> bool:
        """Whether a sandbox runs in the folder."""
        return self.folder.is_held()

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that lead boto3, Terraform and fleetkit to this sandbox.

        Raises
        ------
        NotFoundError
            When none runs in the folder.
        """
        if not self.is_running or not self.folder.environment.exists():
            raise NotFoundError(
                f"no sandbox is running in {self.folder.path}", hint="bring one up: fleetkit sandbox up"
            )
        held: dict[str, str] = json.loads(self.folder.environment.read_text())
        return held

    def environment_for(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return a program's whole environment: ``base``, turned towards this sandbox."""
        kept = {name: value for name, value in base.items() if name not in UNSET_VARIABLES}
        return {**kept, **self.environment}

    def status(self) -> dict[str, Any]:
        """Return what runs, since when, and what does not work."""
        with self._connection() as connection:
            answer: dict[str, Any] = ask(connection, {"op": "status"})
            return answer

    def machines(self) -> list[dict[str, Any]]:
        """Return the machines, with their states and why any failed."""
        return self._ask("machines")

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that stand."""
        return self._ask("fault", do="list")

    def give_fault(
        self,
        kind: FaultKind,
        machines: Sequence[str],
        *,
        others: Sequence[str] = (),
        port: int | None = None,
        delay_ms: int | None = None,
        certificates: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Break machines on purpose (instance ids, Name tags or addresses), until `heal`; return the fault.

        Parameters
        ----------
        others
            Whom they are parted from.
        port
            The TCP port that is cut.
        delay_ms
            How long each sync of a slow disk waits.
        certificates
            Of each pair that a member is given its name, certificate and key, the latter two in base64.

        Raises
        ------
        PreconditionError
            When the sandbox is in loopback mode.
        ServiceError
            When there is no such machine.
        """
        asked = {"do": "give", "kind": kind, "machines": list(machines), "others": list(others)}
        words = list(certificates) if delay_ms is None else [str(1000 * delay_ms)]
        # One machine is hit after the other, and to fill a store takes a slow computer a while.
        return self._ask(
            "fault", wait_s=ANSWER_S + HIT_S * len(machines), **asked, port=port, delay_ms=delay_ms, words=words
        )[0]

    def heal(self) -> list[dict[str, Any]]:
        """Take all faults away, and return them."""
        return self._ask("fault", do="heal")

    def _ask(self, operation: str, *, wait_s: float = ANSWER_S, **facts: Any) -> list[dict[str, Any]]:
        with self._connection() as connection:
            connection.settimeout(wait_s)
            answer: list[dict[str, Any]] = ask(connection, {"op": operation, **facts})
            return answer

    def _connection(self) -> socket.socket:
        return self.folder.connect_control(timeout_s=ANSWER_S)

    def start_program(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, streams: tuple[int, int, int] = (0, 1, 2)
    ) -> socket.socket:
        """Start a program inside the network, on this computer's files, and return the connection that follows it."""
        connection = self._connection()
        connection.settimeout(None)
        message = {"op": "exec", "argv": list(argv), "env": dict(env), "cwd": str(cwd)}
        send_message(connection, message, fds=streams)
        return connection

    def start_shell(
        self, machine: str, argv: Sequence[str], *, tty: bool, term: str, streams: tuple[int, int, int] = (0, 1, 2)
    ) -> socket.socket:
        """Start a shell, or a program, in a machine, and return the connection that follows it.

        Parameters
        ----------
        machine
            Instance id, Name tag or address.
        tty
            Give it a terminal, which `receive_terminal` receives; else it has ``streams``.
        """
        connection = self._connection()
        connection.settimeout(None)
        message = {"op": "shell", "machine": machine, "argv": list(argv), "tty": tty, "term": term}
        send_message(connection, message, fds=streams)
        return connection

    def run(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a program inside the network to its end, and return what it wrote and its exit code."""
        environment = self.environment_for(os.environ if env is None else env)
        return run_to_end(
            argv, lambda streams: self.start_program(argv, env=environment, cwd=Path.cwd(), streams=streams)
        )

    def run_on(self, machine: str, argv: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        """Run a program on a machine (instance id, Name tag or address) to its end, and return what came of it."""
        return run_to_end(
            argv, lambda streams: self.start_shell(machine, argv, tty=False, term="dumb", streams=streams)
        )
