"""An endpoint is read as fleetctl writes it, what is none is refused with what is legal, and dialling has a limit."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest
from support.fleet_served import serve_fleet
from support.fleet_worlds import every_verdict

from fleetkit.core import FleetError, SettingsError
from fleetkit.fleet import FleetClient, FleetEndpoint, parse_fleet_endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("unix:///var/run/fleet.sock", FleetEndpoint(url="unix:///var/run/fleet.sock", path="/var/run/fleet.sock")),
        ("unix:///a%20b.sock", FleetEndpoint(url="unix:///a%20b.sock", path="/a b.sock")),
        (" http://10.0.0.1:49153/ ", FleetEndpoint(url="http://10.0.0.1:49153/", host="10.0.0.1", port=49153)),
        ("http://[::1]:80", FleetEndpoint(url="http://[::1]:80", host="::1", port=80)),
    ],
)
def test_endpoints_are_read_as_fleetctl_writes_them(text: str, endpoint: FleetEndpoint) -> None:
    assert parse_fleet_endpoint(text) == endpoint


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "scheme ''"),
        ("/var/run/fleet.sock", "scheme ''"),
        ("10.0.0.1:49153", "scheme"),
        ("https://10.0.0.1:49153", "fleet serves no TLS"),
        ("ftp://10.0.0.1:49153", "scheme 'ftp'"),
        ("http://10.0.0.1", "expected a host and a port"),
        ("http://:49153", "expected a host and a port"),
        ("http://10.0.0.1:0", "expected a host and a port"),
        ("http://10.0.0.1:49153/fleet/v1", "expected a host and a port"),
        ("http://10.0.0.1:99999", "Port out of range"),
        ("http://10.0.0.1:port", "Port could not be cast"),
        ("http://[::1:80", "Invalid IPv6 URL"),
        (f"http://{'a' * 64}:80", "label"),
        ("http://ada@10.0.0.1:80", "more than a place"),
        ("http://10.0.0.1:80?x=1", "more than a place"),
        ("unix://var/run/fleet.sock", "three slashes"),
        ("unix:var/run/fleet.sock", "three slashes"),
        ("unix:///", "three slashes"),
        ("unix:///a%00b", "three slashes"),
        (f"unix:///{'a' * 107}", "more than 107 bytes"),
    ],
)
def test_what_is_no_endpoint_is_refused_with_what_is_legal(text: str, seen: str) -> None:
    with pytest.raises(SettingsError, match="is not an endpoint of fleet") as caught:
        parse_fleet_endpoint(text)
    assert seen in str(caught.value.seen)
    assert str(caught.value).endswith("next: write it as unix:///var/run/fleet.sock, or http://127.0.0.1:49153")


@pytest.mark.parametrize("kind", ["unix", "http"])
def test_fleet_is_read_through_a_socket_and_through_a_port(tmp_path: Path, kind: str) -> None:
    with serve_fleet(every_verdict(), path=tmp_path / "s" if kind == "unix" else None) as url:
        assert url.startswith(f"{kind}://")
        assert len(FleetClient(parse_fleet_endpoint(url).connect).list_machines()) == 3


def test_where_nothing_listens_it_is_said_where_and_what_to_look_at(tmp_path: Path) -> None:
    endpoint = parse_fleet_endpoint(f"unix://{tmp_path}/fleet.sock")
    with pytest.raises(FleetError, match=r"fleet at unix:///.*/fleet\.sock cannot be reached: No such file") as caught:
        FleetClient(endpoint.connect).list_machines()
    assert "is fleet.socket or fleet.service running there" in str(caught.value)
    assert not caught.value.transient
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(FleetError, match=f"fleet at http://127.0.0.1:{port} cannot be reached: .*refused") as caught:
        parse_fleet_endpoint(f"http://127.0.0.1:{port}").connect()
    assert caught.value.transient


def test_a_file_that_is_no_socket_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FleetError, match="cannot be reached: Connection refused"):
        parse_fleet_endpoint(f"unix://{tmp_path}/file").connect()


def count_open() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_a_socket_that_accepts_nobody_is_told_and_nothing_is_left_open(tmp_path: Path) -> None:
    path = str(tmp_path / "fleet.sock")
    with contextlib.ExitStack() as stack:
        listening, before = (stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) for _ in range(2))
        listening.bind(path)
        listening.listen(0)
        before.connect(path)
        there = count_open()
        with pytest.raises(FleetError, match="it accepts nobody, and its queue is full") as caught:
            parse_fleet_endpoint(f"unix://{path}").connect(limit_s=0.05)
        assert caught.value.transient
        assert count_open() == there


def test_dialling_a_port_ends_at_its_limit() -> None:
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listening.getsockname()
        # The kernel keeps one connection for a server that accepts nobody, and lets the next ones wait.
        stack.enter_context(socket.create_connection(address))
        with pytest.raises(FleetError, match=r"no connection within 0\.05 s") as caught:
            parse_fleet_endpoint(f"http://127.0.0.1:{address[1]}").connect(limit_s=0.05)
    assert caught.value.transient
