"""Asking a service whether it serves: directly, or by a command on its machine, with the same answer."""

from __future__ import annotations

import enum
import re
import socket
import time
from dataclasses import dataclass

from fleetkit.fleet.service_options import Probe, ProbeKind

__all__ = ["Health", "ProbeResult", "judge_probe_command", "probe_command", "probe_service"]

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})[ \r\n]")
_LONGEST_STATUS_LINE = 4096
_FIRST_REFUSAL = 400
"""The first status by which HTTP says that a request was not served (RFC 9110, section 15)."""

_CURL_TIMED_OUT = 28
_TIMEOUT_TIMED_OUT = 124
_NOT_STARTED = (126, 127)
"""Exit codes of a shell for a program that it cannot start."""

_CONNECT = 'exec 3<>"/dev/tcp/$0/$1"'


class Health(enum.StrEnum):
    """Whether an instance serves, as far as is known."""

    HEALTHY = "healthy"
    """It does."""
    UNHEALTHY = "unhealthy"
    """It does not."""
    UNKNOWN = "unknown"
    """It could not be asked: that says nothing of the instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What came of a probe.

    Attributes
    ----------
    health
        Whether the service serves.
    reason
        Why not, or why that is unknown; empty where it does.
    """

    health: Health
    reason: str = ""


def probe_service(address: str, port: int, probe: Probe, *, limit_s: float) -> ProbeResult:
    """Ask a service directly.

    Only a machine that answers says anything of its service: one that cannot be reached may be well, and the way from
    here be cut.

    Parameters
    ----------
    limit_s
        Seconds for the whole of it.
    """
    deadline = time.monotonic() + limit_s
    try:
        dialled = socket.create_connection((address, port), limit_s)
    except ConnectionRefusedError as error:
        return ProbeResult(health=Health.UNHEALTHY, reason=_tell(error))
    except OSError as error:
        reason = f"no connection within {limit_s:g} s" if isinstance(error, TimeoutError) else _tell(error)
        return ProbeResult(health=Health.UNKNOWN, reason=f"it could not be reached from here: {reason}")
    try:
        with dialled as opened:
            if probe.kind is not ProbeKind.HTTP:
                return ProbeResult(health=Health.HEALTHY)
            request = f"GET {probe.path} HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n\r\n"
            opened.sendall(request.encode("ascii"))
            answer = b""
            # A server that sends a byte now and then must not be waited for longer than one that sends none.
            while b"\n" not in answer and len(answer) < _LONGEST_STATUS_LINE:
                opened.settimeout(max(0.001, deadline - time.monotonic()))
                piece = opened.recv(_LONGEST_STATUS_LINE)
                if not piece:
                    break
                answer += piece
    except TimeoutError:
        return _late(limit_s)
    except OSError as error:
        return ProbeResult(health=Health.UNHEALTHY, reason=_tell(error))
    found = _STATUS_LINE.match(answer)
    if not found:
        reason = "its answer is no HTTP" if answer else "it hung up without an answer"
        return ProbeResult(health=Health.UNHEALTHY, reason=reason)
    return _judge_status(int(found[1]))


def probe_command(address: str, port: int, probe: Probe, *, limit_s: float) -> list[str]:
    """Return the command that asks a service, to be run on a machine that reaches it: curl, or bash."""
    if probe.kind is not ProbeKind.HTTP:
        return ["timeout", f"{limit_s:g}", "bash", "-c", _CONNECT, address, str(port)]
    options = ["--disable", "--silent", "--globoff", "--path-as-is", "--noproxy", "*", "--max-time", f"{limit_s:g}"]
    told = ["--output", "/dev/null", "--write-out", "%{http_code}"]
    return ["curl", *options, *told, f"http://{address}:{port}{probe.path}"]


def judge_probe_command(exit_status: int, stdout: str, probe: Probe, *, limit_s: float) -> ProbeResult:
    """Say what came of a `probe_command`.

    Parameters
    ----------
    exit_status
        How it ended; below 0 where it was broken off.
    """
    if exit_status < 0 or exit_status in _NOT_STARTED:
        return ProbeResult(health=Health.UNKNOWN, reason="its machine could not ask it (curl, or bash and timeout)")
    if probe.kind is ProbeKind.HTTP:
        # Whatever came of the body: the status is the answer.
        status = int(stdout) if stdout.strip().isdecimal() else 0
        late, asked = _CURL_TIMED_OUT, "curl"
        if status:
            return _judge_status(status)
    elif exit_status == 0:
        return ProbeResult(health=Health.HEALTHY)
    else:
        late, asked = _TIMEOUT_TIMED_OUT, "bash"
    if exit_status == late:
        return _late(limit_s)
    return ProbeResult(health=Health.UNHEALTHY, reason=f"no connection, or no answer ({asked}: {exit_status})")


def _judge_status(status: int) -> ProbeResult:
    if status >= _FIRST_REFUSAL:
        return ProbeResult(health=Health.UNHEALTHY, reason=f"it answered {status}")
    return ProbeResult(health=Health.HEALTHY)


def _tell(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _late(limit_s: float) -> ProbeResult:
    return ProbeResult(health=Health.UNHEALTHY, reason=f"no answer within {limit_s:g} s")
