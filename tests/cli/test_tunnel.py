"""``fleetkit tunnel open``: what it prints while the way in is open, and how it ends."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fleetkit.workflows
from fleetkit.cli import main
from fleetkit.core import SshError
from fleetkit.etcd import Endpoint, TlsFiles
from fleetkit.ssh import TunnelEvent, TunnelState
from fleetkit.workflows import WayIn

ENDPOINTS = tuple(
    Endpoint(name=f"etcd{number}", host=f"10.10.{number}.100", address="127.0.0.1", port=40000 + number)
    for number in (1, 2, 3)
)
TLS = TlsFiles(ca=Path("pki/ca.crt"), certificate=Path("pki/my operator.crt"), key=Path("pki/operator.key"))

Open = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def way_in(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return what puts a way in of our making in the place of a cluster's, and lists with what it was opened."""

    def put(tunnel: Any, *events: TunnelEvent) -> list[dict[str, Any]]:
        opened: list[dict[str, Any]] = []

        @contextlib.contextmanager
        def open_way_in(workspace: str, **options: Any) -> Iterator[WayIn]:
            opened.append({"workspace": workspace, "ports": options["local_ports"]})
            for event in events:
                options["on_event"](event)
            # Nobody logs in to a machine here, and only that asks for the rest.
            rest: Any = None
            yield WayIn(
                cluster=rest, endpoints=ENDPOINTS, tls=TLS, tunnel=tunnel, _pki=rest, _access=rest, _key_file=rest
            )

        monkeypatch.setattr(fleetkit.workflows, "open_way_in", open_way_in)
        monkeypatch.setattr(fleetkit.workflows, "open_workspace", lambda name: name)
        return opened

    return put


def test_the_lines_for_etcdctl_can_be_evaluated_by_a_shell(way_in: Open, capsys: pytest.CaptureFixture[str]) -> None:
    opened = way_in(None)
    assert main(["tunnel", "open", "demo", "--port", "40001", "--port", "40002"]) == 0
    told = capsys.readouterr()
    assert opened == [{"workspace": "demo", "ports": (40001, 40002)}]
    assert told.out.splitlines() == [
        "# etcd1: 127.0.0.1:40001 is 10.10.1.100",
        "# etcd2: 127.0.0.1:40002 is 10.10.2.100",
        "# etcd3: 127.0.0.1:40003 is 10.10.3.100",
        "export ETCDCTL_API=3",
        "export ETCDCTL_ENDPOINTS=https://127.0.0.1:40001,https://127.0.0.1:40002,https://127.0.0.1:40003",
        "export ETCDCTL_CACERT=pki/ca.crt",
        "export ETCDCTL_CERT='pki/my operator.crt'",
        "export ETCDCTL_KEY=pki/operator.key",
    ]
    assert "no tunnel to hold open" in told.err


def test_json_is_the_only_thing_on_standard_output(way_in: Open, capsys: pytest.CaptureFixture[str]) -> None:
    way_in(None)
    assert main(["tunnel", "open", "demo", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["endpoints"]["etcd2"] == {"host": "10.10.2.100", "address": "127.0.0.1", "port": 40002}
    assert told["environment"]["ETCDCTL_API"] == "3"


def test_a_tunnel_that_fails_for_good_ends_the_command(way_in: Open, capsys: pytest.CaptureFixture[str]) -> None:
    def check() -> None:
        raise SshError("the tunnel through bastion is failed", seen="another host key")

    events = [
        TunnelEvent(state=TunnelState.LOST, reason="the bastion hung up"),
        TunnelEvent(state=TunnelState.FAILED, reason="another host key"),
    ]
    way_in(SimpleNamespace(check=check), *events)
    assert main(["tunnel", "open", "demo"]) == 1
    said = capsys.readouterr().err
    assert "tunnel lost: the bastion hung up" in said
    assert "another host key" in said


def test_a_port_that_is_none_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tunnel", "open", "demo", "--port", "70000"]) == 2
    assert "70000" in capsys.readouterr().err
