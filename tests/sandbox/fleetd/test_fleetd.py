"""The emulator answers as fleet v1.0.0 was recorded to answer, and keeps its state in a real etcd."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.settings import FleetdSettings

pytestmark = pytest.mark.sandbox

RECORDINGS = Path(__file__).parent / "recordings"
_PATIENCE = Patience(deadline_s=20, interval_s=0.05)
_LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
from fleetkit.sandbox.fleetd import server
sys.exit(server.main(["--machine-id", sys.argv[2]]))
"""


@dataclass
class Fleetd:
    path: Path
    process: subprocess.Popen[bytes]
    machine_id: str

    def ask(self, method: str, target: str, headers: dict[str, str] | None = None, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection("fleet")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(10)
        connection.sock.connect(str(self.path))
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        data = (body or "").encode()
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        try:
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def machines(self) -> list[dict[str, Any]] | NotYet[list[dict[str, Any]]]:
        status, _, body = self.ask("GET", "/fleet/v1/machines")
        return json.loads(body)["machines"] if status == 200 else NotYet(f"status {status}")


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


def start_fleetd(etcd: EtcdCluster, folder: Path, **more: str) -> Fleetd:
    folder.mkdir(parents=True, exist_ok=True)
    member = next(iter(etcd.members.values()))
    client = etcd.pki.clients["fleet"]
    environment = {
        "PATH": os.environ["PATH"],
        "FLEET_ETCD_SERVERS": f"https://127.0.0.1:{member.client_port}",
        "FLEET_ETCD_CAFILE": str(etcd.pki.ca.certificate),
        "FLEET_ETCD_CERTFILE": str(client.certificate),
        "FLEET_ETCD_KEYFILE": str(client.key),
        "FLEET_PUBLIC_IP": "10.10.3.100",
        "FLEET_METADATA": "etcd=master,monitor=yes",
        "FLEET_AGENT_TTL": "2s",
        "FLEET_ENGINE_RECONCILE_INTERVAL": "1",
        **more,
    }
    path = folder / "s"
    with socket.socket(socket.AF_UNIX) as listener, (folder / "log").open("wb") as log:
        listener.bind(str(path))
        listener.listen()
        command = [sys.executable, "-c", _LAUNCH, str(listener.fileno()), str(folder / "machine-id")]
        process = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()], stderr=log)
    fleetd = Fleetd(path=path, process=process, machine_id="")
    if not more:
        wait_until(fleetd.machines, what="fleetd", patience=_PATIENCE)
        fleetd.machine_id = (folder / "machine-id").read_text().strip()
    return fleetd


def open_store(etcd: EtcdCluster) -> EtcdClient:
    member = next(iter(etcd.members.values()))
    settings = FleetdSettings.from_environment(
        {
            "FLEET_ETCD_SERVERS": f"https://127.0.0.1:{member.client_port}",
            "FLEET_ETCD_CAFILE": str(etcd.pki.ca.certificate),
            "FLEET_ETCD_CERTFILE": str(etcd.pki.clients["fleet"].certificate),
            "FLEET_ETCD_KEYFILE": str(etcd.pki.clients["fleet"].key),
        }
    )
    return EtcdClient(settings)


def end(fleetd: Fleetd, number: int = signal.SIGTERM) -> None:
    fleetd.process.send_signal(number)
    fleetd.process.wait(timeout=10)


@pytest.fixture(scope="module")
def fleetd(etcd: EtcdCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleetd]:
    running = start_fleetd(etcd, tmp_path_factory.mktemp("f"))
    yield running
    end(running)


def recorded(pattern: str) -> list[Path]:
    return sorted(RECORDINGS.glob(f"fleet-1.0.0-{pattern}.json"))


_OTHER_WORLD = ("001-", "003-", "204-", "224-", "225-", "232-")
SAME = [file for file in recorded("*") if not file.name.removeprefix("fleet-1.0.0-").startswith(_OTHER_WORLD)]


@pytest.mark.parametrize("file", SAME, ids=lambda file: file.stem)
def test_answers_are_the_recorded_ones(fleetd: Fleetd, file: Path) -> None:
    """All recordings that do not depend on machines or faults: status, body, type and server, to the letter."""
    exchange = json.loads(file.read_text())
    request, expected = exchange["request"], exchange["response"]
    asked = (request["method"], request["target"], request["headers"], request["body"])
    if expected["status"] is None:
        with pytest.raises(http.client.RemoteDisconnected):
            fleetd.ask(*asked)
        return
    status, headers, body = fleetd.ask(*asked)
    wanted = dict(expected["headers"])
    assert status == expected["status"]
    assert (headers["Content-Type"], headers["Server"]) == (wanted["Content-Type"], wanted["Server"])
    if expected.get("json") is not None:
        assert json.loads(body) == expected["json"]
    if "Content-Length" in wanted:
        assert headers["Content-Length"] == wanted["Content-Length"]


@pytest.mark.parametrize("prefix", ["/fleet/v1", "/v1-alpha"])
def test_a_machine_is_listed_with_the_recorded_fields(fleetd: Fleetd, prefix: str) -> None:
    status, _, body = fleetd.ask("GET", f"{prefix}/machines")
    (machine,) = json.loads(body)["machines"]
    (file,) = recorded("001-*")
    fields = {tuple(sorted(one)) for one in json.loads(file.read_text())["response"]["json"]["machines"]}
    assert status == 200
    assert {tuple(sorted(machine))} == fields
    assert machine == {
        "id": fleetd.machine_id,
        "metadata": {"etcd": "master", "monitor": "yes"},
        "primaryIP": "10.10.3.100",
    }


def test_a_machine_that_is_told_to_end_leaves_and_one_that_is_killed_expires(
    etcd: EtcdCluster, fleetd: Fleetd, tmp_path: Path
) -> None:
    def ids() -> set[str]:
        found = fleetd.machines()
        return set() if isinstance(found, NotYet) else {one["id"] for one in found}

    orderly = start_fleetd(etcd, tmp_path / "a")
    killed = start_fleetd(etcd, tmp_path / "b")
    assert ids() == {fleetd.machine_id, orderly.machine_id, killed.machine_id}
    end(orderly)
    assert orderly.machine_id not in ids()
    end(killed, signal.SIGKILL)
    assert killed.machine_id in ids()
    wait_until(
        lambda: NotYet("still listed") if killed.machine_id in ids() else True,
        what="the key to expire",
        patience=_PATIENCE,
    )


def test_units_are_unloaded_where_fleet_is_told_to_end_and_run_on_where_it_is_killed_and_started(
    etcd: EtcdCluster, tmp_path: Path
) -> None:
    """Why a rotation kills fleet for its new certificate; the states of units are the test's, in fleet's layout."""
    store = open_store(etcd)

    def publish(unit: str, machine_id: str) -> set[str]:
        keys = {f"state/{unit}": "{}", f"states/{unit}/{machine_id}": "{}", f"job/{unit}/job-state": machine_id}
        for name, value in keys.items():
            store.put(name, value)
        return set(keys)

    def held() -> set[str]:
        return {key.name for top in ("state", "states", "job") for key in store.list_keys(top, quorum=True)}

    others = publish("other.service", "another-machine")
    first = start_fleetd(etcd, tmp_path)
    ours = publish("web.service", first.machine_id)
    end(first, signal.SIGKILL)
    first.path.unlink()
    second = start_fleetd(etcd, tmp_path)
    try:
        assert second.machine_id == first.machine_id
        assert held() == ours | others
    finally:
        end(second)
    assert held() == others


def test_one_leader_is_elected_and_its_lease_passes_on(etcd: EtcdCluster, tmp_path: Path) -> None:
    first = start_fleetd(etcd, tmp_path / "a")
    second = start_fleetd(etcd, tmp_path / "b")

    def leader() -> str | None:
        held = open_store(etcd).get("lease/engine-leader")
        return None if held is None else str(json.loads(held)["MachineID"])

    known = wait_until(lambda: leader() or NotYet("no leader"), what="a leader", patience=_PATIENCE)
    assert known
    for one in (first, second):
        if one.machine_id == known:
            end(one, signal.SIGKILL)
            other = wait_until(
                lambda: now if (now := leader()) not in (None, known) else NotYet("the old lease holds"),
                what="another leader",
                patience=_PATIENCE,
            )
            assert other != known
    for one in (first, second):
        if one.process.poll() is None:
            end(one)


@pytest.mark.parametrize("target", ["/fleet/v1/units", "/fleet/v1/machines", "/fleet/v1/discovery"])
@pytest.mark.parametrize(
    "broken",
    [
        {"FLEET_ETCD_SERVERS": "https://127.0.0.1:1"},
        {"FLEET_ETCD_CERTFILE": "", "FLEET_ETCD_KEYFILE": ""},
        {"FLEET_ETCD_CAFILE": ""},
    ],
    ids=["no etcd", "no client certificate", "unknown authority"],
)
def test_without_etcd_everything_is_503(etcd: EtcdCluster, tmp_path: Path, broken: dict[str, str], target: str) -> None:
    (file,) = recorded("224-*")
    expected = json.loads(file.read_text())["response"]
    fleetd = start_fleetd(etcd, tmp_path, **broken)
    try:
        status, headers, body = fleetd.ask("GET", target)
        assert (status, json.loads(body)) == (expected["status"], expected["json"])
        assert "Server" not in headers
        assert headers["Content-Length"] == dict(expected["headers"])["Content-Length"]
    finally:
        end(fleetd, signal.SIGKILL)
