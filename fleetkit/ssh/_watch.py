"""Watching over an open connection: a probe that expects an answer, and opening anew when there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import paramiko

from fleetkit.core import FleetkitError, SshError
from fleetkit.ssh._config import Route
from fleetkit.ssh._streamlocal import StreamLocalTransport
from fleetkit.ssh._transport import open_transport
from fleetkit.ssh.targets import Forward, SshLimits

__all__ = ["Watch", "probe", "reach"]

_LONGEST_DIAL_S = 3.0
"""While a tunnel is down, a dial that hangs must not keep it from the next attempt."""


class _Lost(Protocol):
    """Is told of a loss; ``final`` when the connection will not be opened again."""

    def __call__(self, reason: str, *, final: bool) -> None:
        """Take note."""


def probe(transport: paramiko.Transport, *, timeout_s: float) -> str | None:
    """Ask the far side for an answer; return why there is none, or None when there is.

    A channel is opened and closed: of the requests that must be answered, it is the one for which paramiko has
    a time limit. A refusal is an answer as well. That packets can be sent says nothing: a frozen machine's kernel
    takes them.
    """
    if not transport.is_active():
        return "the bastion closed the connection"
    try:
        transport.open_session(timeout=timeout_s).close()
    except paramiko.ChannelException:
        return None
    except (paramiko.SSHException, OSError, EOFError):
        return f"the bastion did not answer within {timeout_s:g} s" if transport.is_active() else "the bastion hung up"
    return None


def reach(transport: paramiko.Transport, forward: Forward, timeout_s: float) -> None:
    """Let the far side connect to a forward's destination, and hang up.

    Raises
    ------
    SshError
        When it does not; says whether it is forbidden or failed.
    """
    try:
        transport.open_channel(
            "direct-tcpip", (forward.host, forward.port), ("127.0.0.1", 0), timeout=timeout_s
        ).close()
    except paramiko.ChannelException as error:
        forbidden = error.code == 1  # RFC 4254, section 5.1: administratively prohibited
        raise SshError(
            f"the bastion {'forbids connections to' if forbidden else 'could not connect to'} "
            f"{forward.host}:{forward.port}, wanted for {forward.name}",
            transient=not forbidden,
            seen=error.text,
            hint="its sshd_config (AllowTcpForwarding, PermitOpen) decides"
            if forbidden
            else "is the service running there, and does its security group admit the bastion?",
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise SshError(
            f"the bastion did not answer for {forward.host}:{forward.port}, wanted for {forward.name}",
            transient=True,
            seen=str(error),
        ) from error


class Watch:
    """A thread that probes a connection, and opens another when it is gone."""

    def __init__(
        self,
        route: Route,
        transport: StreamLocalTransport,
        limits: SshLimits,
        *,
        lost: _Lost,
        reopened: Callable[[StreamLocalTransport], None],
    ) -> None:
        self._route = route
        self._transport = transport
        self._limits = limits
        self._lost = lost
        self._reopened = reopened
        self._stopping = threading.Event()
        self._pending: paramiko.Transport | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch-{route.asked}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, *, patience_s: float) -> None:
        """End, also in the middle of an attempt; one that the network does not even refuse takes its time limit."""
        self._stopping.set()
        # The probe and an attempt in progress both end at once when their connection is closed under them.
        self._transport.close()
        pending = self._pending
        if pending is not None:
            pending.close()
        if self._thread is not threading.current_thread():
            self._thread.join(patience_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._limits.probe_interval_s):
            reason = probe(self._transport, timeout_s=self._limits.probe_timeout_s)
            if reason is None or self._stopping.is_set():
                continue
            # Closing it ends every client that still waits for an answer.
            self._transport.close()
            self._lost(reason, final=False)
            if not self._open_again():
                return

    def _open_again(self) -> bool:
        patient = self._limits
        limits = SshLimits(
            connect_s=min(patient.connect_s, _LONGEST_DIAL_S),
            probe_interval_s=patient.probe_interval_s,
            probe_timeout_s=patient.probe_timeout_s,
        )
        while not self._stopping.is_set():
            try:
                transport = open_transport(self._route, limits=limits, on_started=self._note_pending)
            except FleetkitError as error:
                if not (isinstance(error, SshError) and error.transient):
                    # It answers, and is another machine or does not want us: knocking again helps nobody.
                    self._lost(str(error), final=True)
                    return False
                self._stopping.wait(self._limits.probe_interval_s)
                continue
            if self._stopping.is_set():
                transport.close()
                return False
            self._transport = transport
            self._reopened(transport)
            return True
        return False

    def _note_pending(self, transport: paramiko.Transport) -> None:
        self._pending = transport
        # Whoever stops this has looked for it already where it comes too late to be found.
        if self._stopping.is_set():
            transport.close()
