"""A target is healthy when its configured check passes, and says why where it does not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox.services.targets import CheckedTarget, TargetHealth, check_target, code_matches
from fleetkit.sandbox.world import HealthCheck

_PATIENCE = Patience(deadline_s=10, interval_s=0.02)


def check(protocol: str = "TCP", **more: object) -> HealthCheck:
    given: dict[str, object] = {
        "port": "traffic-port",
        "path": "/health",
        "codes": "200",
        "interval_s": 0.05,
        "timeout_s": 0.5,
        "healthy_after": 2,
        "unhealthy_after": 2,
    }
    return HealthCheck(protocol=protocol, **(given | more))  # type: ignore[arg-type]


def connect(address: str, port: int, timeout_s: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=timeout_s)


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """Yield the port of a server that answers with the first of a list, or says nothing where it is empty."""
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if answers:
                connection.recv(4096)
                connection.sendall(answers[0])
                connection.close()
            else:
                held.append(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], answers
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for connection in held:
        connection.close()


def target(port: int, how: HealthCheck) -> CheckedTarget:
    return CheckedTarget(group="group", target="i-1", address="127.0.0.1", port=port, check=how)


def reason(one: CheckedTarget) -> str | None:
    state = check_target(one, connect)
    return None if state is None else state.reason


def test_an_open_port_passes_a_tcp_check_and_a_closed_one_fails(server: tuple[int, list[bytes]]) -> None:
    assert reason(target(server[0], check())) is None
    with socket.create_server(("127.0.0.1", 0)) as other:
        closed = other.getsockname()[1]
    assert reason(target(closed, check())) == "Target.FailedHealthChecks"


def test_an_http_check_looks_at_the_status(server: tuple[int, list[bytes]]) -> None:
    port, answers = server
    assert reason(target(port, check("HTTP"))) is None
    answers[0] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    assert reason(target(port, check("HTTP"))) == "Target.ResponseCodeMismatch"
    assert reason(target(port, check("HTTP", codes="200,500-599"))) is None


def test_a_server_that_says_nothing_times_out(server: tuple[int, list[bytes]]) -> None:
    server[1].clear()
    assert reason(target(server[0], check("HTTP", timeout_s=0.1))) == "Target.Timeout"


def test_the_port_of_the_check_may_be_another_one(server: tuple[int, list[bytes]]) -> None:
    assert reason(target(1, check(port=str(server[0])))) is None


@pytest.mark.parametrize(("codes", "passes"), [("200", True), ("200-299", True), ("301,200", True), ("201-299", False)])
def test_codes_are_lists_and_ranges(codes: str, passes: bool) -> None:
    assert code_matches(200, codes) is passes


def test_health_follows_the_target_and_is_forgotten_with_it(server: tuple[int, list[bytes]]) -> None:
    port, answers = server
    one = target(port, check("HTTP"))
    health = TargetHealth()

    def wait_for(state: str) -> None:
        def look() -> bool | NotYet[bool]:
            seen = health.state_of("group", "i-1")
            return True if seen is not None and seen.state == state else NotYet(str(seen))

        wait_until(look, what=state, patience=_PATIENCE)

    try:
        health.watch({one: connect})
        wait_for("healthy")
        answers[0] = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
        wait_for("unhealthy")
        answers[0] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        wait_for("healthy")
        health.watch({})
        assert health.state_of("group", "i-1") is None
    finally:
        health.stop()
