"""fleetd reaches etcd through the proxy that its environment names, as every program in Go does."""

from __future__ import annotations

import socket
import threading

import pytest

from fleetkit.core import EtcdError
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.settings import FleetdSettings


def test_etcd_is_asked_for_by_its_own_address_at_the_proxy() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def serve() -> None:
            connection, _ = proxy.accept()
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        settings = FleetdSettings.from_environment(
            {
                "FLEET_ETCD_SERVERS": "https://10.77.1.10:2379",
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}",
            }
        )
        with pytest.raises(EtcdError, match="403"):
            EtcdClient(settings).get("machines")
        thread.join()
    assert heard[0].startswith(b"CONNECT 10.77.1.10:2379 ")


def test_without_a_proxy_in_the_environment_there_is_none() -> None:
    assert FleetdSettings.from_environment({}).https_proxy == ""
