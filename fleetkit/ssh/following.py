"""A remote command that goes on until it is ended from here, read line by line, with nothing left behind."""

from __future__ import annotations

import contextlib
import select
import shlex
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fleetkit.core import SshError
from fleetkit.ssh.connection import Connection

if TYPE_CHECKING:
    import paramiko

__all__ = ["follow_command", "leash_command"]

_CHUNK = 65536
_LOOK_S = 0.2
_END_S = 3.0
"""Seconds for the command to end once it is told to."""

_LEASH = """
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ while read -r _; do :; done; kill "$child"; } <&3 >/dev/null 2>&1 &
watcher=$!
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"""


def leash_command(words: Sequence[str]) -> list[str]:
    """Return the words of a command that ends with its input: sshd closes that when whoever asked has gone.

    Without it a command that says nothing would stay on the machine, for it never notices that nobody reads it.
    """
    return ["sh", "-c", _LEASH, "sh", *words]


def follow_command(
    connection: Connection, command: Sequence[str], *, stop: threading.Event, probe_s: float = 10.0
) -> Iterator[str]:
    """Run a command that goes on, and yield each line that it writes, until ``stop`` is set.

    Its input is open for as long as it is read, so that a `leash_command` ends with it.

    Parameters
    ----------
    command
        Words, which are quoted.
    probe_s
        Seconds of silence after which the machine is asked for a sign of life: a connection may die without a word.

    Raises
    ------
    SshError
        When the command cannot be run or ends by itself, or the connection is lost.
    """
    import paramiko

    line = shlex.join(command)
    try:
        channel = connection.transport.open_session(timeout=connection.limit_s)
        with contextlib.closing(channel):
            channel.exec_command(line)
            yield from _read_lines(connection, channel, stop, probe_s=probe_s)
            with contextlib.suppress(OSError, EOFError):
                channel.shutdown_write()
                channel.status_event.wait(_END_S)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise SshError(
            f"the connection to {connection.name} was lost", transient=True, seen=str(error) or type(error).__name__
        ) from error


def _read_lines(
    connection: Connection, channel: paramiko.Channel, stop: threading.Event, *, probe_s: float
) -> Iterator[str]:
    pending, complaint, heard = b"", b"", time.monotonic()
    while not stop.is_set():
        # Asked before the buffers are looked at: what comes between the two looks is then read in the next round.
        ended = channel.eof_received or channel.closed
        if channel.recv_ready():
            *lines, pending = (pending + channel.recv(_CHUNK)).split(b"\n")
            yield from (one.decode("utf-8", "replace") for one in lines)
        elif channel.recv_stderr_ready():
            complaint = (complaint + channel.recv_stderr(_CHUNK))[-_CHUNK:]
        elif ended:
            yield from ([pending.decode("utf-8", "replace")] if pending else [])
            raise _tell_end(connection, channel, complaint.decode("utf-8", "replace"))
        else:
            if select.select([channel], [], [], _LOOK_S)[0]:
                heard = time.monotonic()
            elif time.monotonic() - heard >= probe_s:
                _ask_for_life(connection)
                heard = time.monotonic()


def _ask_for_life(connection: Connection) -> None:
    import paramiko

    try:
        connection.transport.open_session(timeout=connection.limit_s).close()
    except paramiko.ChannelException:
        # A refusal is an answer as well.
        return
    except paramiko.SSHException as error:
        raise SshError(
            f"the connection to {connection.name} was lost",
            transient=True,
            seen=f"no answer within {connection.limit_s:g} s",
        ) from error


def _tell_end(connection: Connection, channel: paramiko.Channel, complaint: str) -> SshError:
    told = channel.status_event.wait(_END_S) and connection.is_open
    status = channel.recv_exit_status() if told else -1
    if status < 0:
        return SshError(
            f"the connection to {connection.name} was lost", transient=True, seen="it was closed over there"
        )
    said = " / ".join(complaint.strip().splitlines()[-3:])
    return SshError(f"what was followed on {connection.name} ended with exit status {status}", seen=said or None)
