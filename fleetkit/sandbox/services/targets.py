"""The health of load balancers' targets, measured as each target group's check says."""

from __future__ import annotations

import concurrent.futures
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fleetkit.sandbox.aws.patches import TargetState
from fleetkit.sandbox.world.observation import HealthCheck

__all__ = ["CheckedTarget", "Connect", "TargetHealth", "check_target", "code_matches"]

_HEALTHY = TargetState(state="healthy")
_QUICK_S = 1.0
"""Seconds between the first checks of a new target, until it is judged for the first time."""

Connect = Callable[[str, int, float], socket.socket]
"""Dials an address and port with a time limit in seconds, from where the load balancer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTarget:
    """A target with all that its check needs; equal targets are one."""

    group: str
    target: str
    address: str
    port: int
    check: HealthCheck


@dataclass(slots=True)
class _Tally:
    connect: Connect
    state: TargetState | None = None
    passed: int = 0
    failed: int = 0
    next_at: float = 0.0
    running: bool = False
    failures: list[TargetState] = field(default_factory=list)


class TargetHealth:
    """Checks targets for ever, each at its own interval; safe to ask from any thread."""

    def __init__(self) -> None:
        self._tallies: dict[CheckedTarget, _Tally] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._workers = concurrent.futures.ThreadPoolExecutor(max_workers=8, thread_name_prefix="check")
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._thread.start()

    def watch(self, targets: dict[CheckedTarget, Connect]) -> None:
        """Check exactly these targets from now on; new ones are checked at once."""
        with self._lock:
            self._tallies = {one: self._tallies.get(one) or _Tally(connect) for one, connect in targets.items()}
        self._wake.set()

    def state_of(self, group: str, target: str) -> TargetState | None:
        """Return the health of a target of a group; None before it was judged, or where it is not watched."""
        with self._lock:
            return next(
                (tally.state for one, tally in self._tallies.items() if (one.group, one.target) == (group, target)),
                None,
            )

    def stop(self) -> None:
        """End all checks."""
        self._ended = True
        self._wake.set()
        self._thread.join(timeout=5)
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._ended:
            now = time.monotonic()
            with self._lock:
                due = [(one, tally) for one, tally in self._tallies.items() if tally.next_at <= now]
                due = [(one, tally) for one, tally in due if not tally.running]
                for _, tally in due:
                    tally.running = True
                waits = [tally.next_at - now for tally in self._tallies.values() if not tally.running]
            for one, tally in due:
                self._workers.submit(self._check, one, tally)
            self._wake.wait(min([5.0, *(max(0.05, wait) for wait in waits)]))
            self._wake.clear()

    def _check(self, one: CheckedTarget, tally: _Tally) -> None:
        failure = check_target(one, tally.connect)
        with self._lock:
            _count(tally, failure, one.check)
            pause = one.check.interval_s if tally.state is not None else _QUICK_S
            tally.next_at = time.monotonic() + pause
            tally.running = False
        self._wake.set()


def _count(tally: _Tally, failure: TargetState | None, check: HealthCheck) -> None:
    """Judge a target after one more check; one pass is enough for a new target, as on AWS."""
    if failure is None:
        tally.passed, tally.failed = tally.passed + 1, 0
        if tally.state is None or tally.passed >= check.healthy_after:
            tally.state = _HEALTHY
        return
    tally.passed, tally.failed = 0, tally.failed + 1
    if tally.failed >= check.unhealthy_after:
        tally.state = failure


def check_target(one: CheckedTarget, connect: Connect) -> TargetState | None:
    """Check a target once: None where it passes, else the state that it would have."""
    check = one.check
    port = one.port if check.port == "traffic-port" else int(check.port)
    try:
        with connect(one.address, port, check.timeout_s) as connection:
            if check.protocol not in ("HTTP", "HTTPS"):
                return None
            status = _ask_http(connection, one.address, port, check)
    except TimeoutError:
        return TargetState(state="unhealthy", reason="Target.Timeout", description="Request timed out")
    except (OSError, http.client.HTTPException):
        return TargetState(state="unhealthy", reason="Target.FailedHealthChecks", description="Health checks failed")
    if code_matches(status, check.codes):
        return None
    return TargetState(
        state="unhealthy",
        reason="Target.ResponseCodeMismatch",
        description=f"Health checks failed with these codes: [{status}]",
    )


def _ask_http(connection: socket.socket, address: str, port: int, check: HealthCheck) -> int:
    connection.settimeout(check.timeout_s)
    if check.protocol == "HTTPS":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # A load balancer takes any certificate of a target, and so does its check.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(connection, server_hostname=address) as encrypted:
            return _read_status(encrypted, address, port, check)
    return _read_status(connection, address, port, check)


def _read_status(connection: socket.socket, address: str, port: int, check: HealthCheck) -> int:
    request = f"GET {check.path} HTTP/1.1\r\nHost: {address}:{port}\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"
    connection.sendall(f"{request}Connection: close\r\n\r\n".encode())
    with http.client.HTTPResponse(connection, method="GET") as answer:
        answer.begin()
        return answer.status


def code_matches(status: int, codes: str) -> bool:
    """Say whether a status is among codes such as ``200``, ``200,302`` or ``200-399``."""
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False
