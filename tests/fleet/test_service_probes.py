"""A service is asked directly or by a command on its machine, and both say the same."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from support.http_services import answer_with, serve_each

from fleetkit.fleet import Health, Probe, ProbeKind, ProbeResult, judge_probe_command, probe_command, probe_service

HTTP = Probe(kind=ProbeKind.HTTP, path="/health?a=[1]")
TCP = Probe(kind=ProbeKind.TCP)
LIMIT_S = 0.5
Ask = Callable[[int, Probe], ProbeResult]


def ask_directly(port: int, probe: Probe) -> ProbeResult:
    return probe_service("127.0.0.1", port, probe, limit_s=LIMIT_S)


def ask_by_command(port: int, probe: Probe) -> ProbeResult:
    done = subprocess.run(
        probe_command("127.0.0.1", port, probe, limit_s=LIMIT_S), capture_output=True, text=True, check=False
    )
    return judge_probe_command(done.returncode, done.stdout, probe, limit_s=LIMIT_S)


ways = pytest.mark.parametrize(
    "ask", [ask_directly, pytest.param(ask_by_command, marks=pytest.mark.sandbox)], ids=["directly", "by-command"]
)


def drip(near: socket.socket) -> None:
    """Send a byte now and then, and never a whole line."""
    near.settimeout(0.05)
    with contextlib.suppress(OSError):
        near.recv(4096)
    for byte in b"HTTP/1.1 200 and so on and so forth, for longer than anybody waits":
        near.sendall(bytes([byte]))
        time.sleep(0.05)


def be_silent(near: socket.socket) -> None:
    """Wait until the other side hangs up."""
    while near.recv(4096):
        pass


@ways
@pytest.mark.parametrize(
    ("status", "health", "reason"),
    [
        ("200 OK", Health.HEALTHY, ""),
        ("302 Found", Health.HEALTHY, ""),
        ("404 Not Found", Health.UNHEALTHY, "it answered 404"),
        ("503 Service Unavailable", Health.UNHEALTHY, "it answered 503"),
    ],
)
def test_a_status_below_400_is_healthy(ask: Ask, status: str, health: Health, reason: str) -> None:
    with serve_each(answer_with(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())) as port:
        assert ask(port, HTTP) == ProbeResult(health=health, reason=reason)
        assert ask(port, TCP).health is Health.HEALTHY


@ways
def test_the_path_is_asked_for_as_it_is_written(ask: Ask) -> None:
    seen = []

    def answer(near: socket.socket) -> None:
        seen.append(near.recv(4096).splitlines()[0])
        near.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with serve_each(answer) as port:
        assert ask(port, HTTP).health is Health.HEALTHY
    assert seen == [b"GET /health?a=[1] HTTP/1.1"]


@ways
@pytest.mark.parametrize("probe", [HTTP, TCP], ids=str)
def test_a_port_on_which_nobody_listens_is_unhealthy(ask: Ask, probe: Probe) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        found = ask(bound.getsockname()[1], probe)
    assert found.health is Health.UNHEALTHY
    assert found.reason


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """Give a port that takes no connection more: as with a machine that is off, nothing comes back."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as waiting:
        address = server.getsockname()
        with contextlib.suppress(TimeoutError):
            while True:
                waiting.enter_context(socket.create_connection(address, 0.1))
        yield address[1]


@pytest.mark.parametrize("probe", [HTTP, TCP], ids=str)
def test_a_machine_that_cannot_be_reached_from_here_says_nothing_of_its_service(probe: Probe) -> None:
    with full_port() as port:
        late = ask_directly(port, probe)
    assert late.health is Health.UNKNOWN
    assert late.reason == "it could not be reached from here: no connection within 0.5 s"
    # Nobody is dialled at an address of all.
    astray = probe_service("255.255.255.255", 80, probe, limit_s=LIMIT_S)
    assert astray.health is Health.UNKNOWN
    assert astray.reason == "it could not be reached from here: network is unreachable"


@ways
@pytest.mark.parametrize("answer", [be_silent, drip])
def test_one_that_does_not_answer_in_time_is_unhealthy(ask: Ask, answer: Callable[[socket.socket], None]) -> None:
    with serve_each(answer) as port:
        assert ask(port, HTTP) == ProbeResult(health=Health.UNHEALTHY, reason="no answer within 0.5 s")


@ways
@pytest.mark.parametrize("content", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"x" * 9000], ids=["another", "nothing", "much"])
def test_what_is_no_http_is_unhealthy(ask: Ask, content: bytes) -> None:
    with serve_each(answer_with(content)) as port:
        found = ask(port, HTTP)
    assert found.health is Health.UNHEALTHY
    assert found.reason


@pytest.mark.parametrize("probe", [HTTP, TCP], ids=str)
@pytest.mark.parametrize("exit_status", [-1, 126, 127], ids=["broken-off", "forbidden", "missing"])
def test_a_machine_that_cannot_ask_says_nothing_of_the_service(probe: Probe, exit_status: int) -> None:
    found = judge_probe_command(exit_status, "", probe, limit_s=1)
    assert found.health is Health.UNKNOWN
    assert "curl, or bash and timeout" in found.reason
