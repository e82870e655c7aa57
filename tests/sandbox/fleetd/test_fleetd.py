"""The emulator as a process: how it joins, leaves, leads, dies, and what it says when it cannot reach its etcd."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster, FleetMachine
from support.fleet_replay import RECORDINGS

from fleetkit.core import NotYet, wait_until
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.settings import FleetdSettings

pytestmark = pytest.mark.sandbox

TWO_MACHINES = dict(list(THREE_MACHINES.items())[:2])
_QUICK = {"FLEET_AGENT_TTL": "2s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}
_SLEEP = [("Service", "ExecStart", "/bin/sleep 100000")]
_LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
from fleetkit.sandbox.fleetd import server
sys.exit(server.main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(etcd: EtcdCluster, tmp_path: Path) -> Iterator[FleetCluster]:
    """Two machines, and nothing on them."""
    with FleetCluster(etcd, tmp_path, FLEET_ETCD_KEY_PREFIX=f"/fleet/{tmp_path.name}", **_QUICK) as cluster:
        yield cluster.start(TWO_MACHINES)


def ids(machine: FleetMachine) -> set[str]:
    return {one["id"] for one in machine.get("/machines")["machines"]}


def wait_for_state(machine: FleetMachine, unit: str, *, on: str, active: str = "active") -> None:
    def look() -> bool | NotYet[bool]:
        found = machine.states()
        return True if found == {(unit, on): active} else NotYet(str(found))

    wait_until(look, what=f"{unit} to be {active} on {on} alone", patience=PATIENCE)


def test_systemd_passes_it_its_socket_and_it_takes_no_units_where_none_can_run(
    etcd: EtcdCluster, tmp_path: Path
) -> None:
    path, kept = tmp_path / "s", tmp_path / "machine-id"
    environment = FleetCluster(etcd, tmp_path, FLEET_ETCD_KEY_PREFIX="/fleet/passed", **_QUICK).environment
    with socket.socket(socket.AF_UNIX) as listener, (tmp_path / "log").open("wb") as log:
        listener.bind(str(path))
        listener.listen()
        command = [sys.executable, "-c", _LAUNCH, str(listener.fileno())]
        command += ["--machine-id-file", str(kept), "--without-units"]
        process = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()], stderr=log)

    def ask(method: str, target: str, body: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("fleet")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(10)
        connection.sock.connect(str(path))
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def look() -> str | NotYet[str]:
        status, body = ask("GET", "/fleet/v1/machines")
        return body if status == 200 else NotYet(f"{status}: {body}")

    try:
        listed = json.loads(wait_until(look, what="fleetd", patience=PATIENCE))["machines"]
        assert [one["id"] for one in listed] == [kept.read_text().strip()]
        options = [{"section": "Service", "name": "ExecStart", "value": "/bin/true"}]
        status, body = ask(
            "PUT", "/fleet/v1/units/a.service", json.dumps({"desiredState": "loaded", "options": options})
        )
        assert (status, "no units" in body) == (501, True)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def test_units_run_however_long_the_path_of_their_folder_is(etcd: EtcdCluster, tmp_path: Path) -> None:
    settings = {"FLEET_ETCD_KEY_PREFIX": "/fleet/long", **_QUICK}
    with FleetCluster(etcd, tmp_path / ("long" * 25), **settings) as cluster:
        (machine,) = cluster.start(dict(list(THREE_MACHINES.items())[:1])).machines.values()
        assert machine.put("web.service", _SLEEP) == 201
        wait_for_state(machine, "web.service", on=machine.id)


def test_a_machine_that_is_told_to_end_leaves_and_one_that_is_killed_expires(fleet: FleetCluster) -> None:
    stays, goes = fleet.machines.values()
    assert ids(stays) == {stays.id, goes.id}
    goes.end()
    assert ids(stays) == {stays.id}
    fleet.start({goes.id: THREE_MACHINES[goes.id]})
    fleet.machines[goes.id].end(signal.SIGKILL)
    assert ids(stays) == {stays.id, goes.id}
    wait_until(
        lambda: NotYet("still listed") if goes.id in ids(stays) else True, what="the key to expire", patience=PATIENCE
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["told to end", "killed"])
def test_units_of_a_machine_that_has_left_run_elsewhere(fleet: FleetCluster, number: int) -> None:
    """Told to end, it stops and unloads what it ran, and says so; killed, others find it out when its word expires."""
    assert fleet.any.put("web.service", _SLEEP) == 201
    first = wait_until(
        lambda: next(iter(fleet.any.states()), None) or NotYet("not placed"), what="a state", patience=PATIENCE
    )[1]
    wait_for_state(fleet.any, "web.service", on=first)
    (other,) = (one for one in fleet.machines.values() if one.id != first)
    fleet.machines[first].end(number)
    if number == signal.SIGTERM:
        assert ("web.service", first) not in other.states()
        assert not list((fleet.machines[first].folder / "run/fleet/units").iterdir())
    wait_for_state(other, "web.service", on=other.id)


def test_parts_of_its_name_stand_in_what_a_unit_asks_of_its_machine(fleet: FleetCluster) -> None:
    bar = [*_SLEEP, ("X-Fleet", "Conflicts", "%p@*.service")]
    for number in (1, 2, 3):
        assert fleet.any.put(f"web@{number}.service", bar) == 201
    follower = [*_SLEEP, ("X-Fleet", "MachineOf", "web@%i.service")]
    assert fleet.any.put("side@2.service", follower) == 201

    def look() -> dict[str, str] | NotYet[dict[str, str]]:
        where = {unit: machine for (unit, machine), _ in fleet.any.states().items()}
        return where if len(where) == 3 else NotYet(str(where))

    where = wait_until(look, what="three states", patience=PATIENCE)
    assert where["side@2.service"] == where["web@2.service"] != where["web@1.service"]
    assert "web@3.service" not in where, "there are two machines"


def test_one_leader_is_elected_and_its_lease_passes_on(fleet: FleetCluster) -> None:
    store = EtcdClient(FleetdSettings.from_environment(fleet.environment))

    def leader() -> str | None:
        held = store.get("lease/engine-leader")
        return None if held is None else str(json.loads(held)["MachineID"])

    known = wait_until(lambda: leader() or NotYet("no leader"), what="a leader", patience=PATIENCE)
    fleet.machines[known].end(signal.SIGKILL)
    other = wait_until(
        lambda: now if (now := leader()) not in (None, known) else NotYet("the old lease holds"),
        what="another leader",
        patience=PATIENCE,
    )
    assert {known, other} == set(fleet.machines)


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
    (file,) = RECORDINGS.glob("224-*")
    expected = json.loads(file.read_text())["response"]
    with FleetCluster(etcd, tmp_path, **broken) as cluster:
        answer = cluster.launch("0" * 32, "10.77.0.11", "").ask("GET", target)
    assert (answer.status, answer.json) == (expected["status"], expected["json"])
    assert "Server" not in answer.headers
    assert answer.headers["Content-Length"] == dict(expected["headers"])["Content-Length"]


@pytest.mark.parametrize(
    ("place", "settings", "word"),
    [("127.0.0.1", {}, "no address"), ("127.0.0.1:0", {"FLEET_AGENT_TTL": "soon"}, "'soon' is no duration")],
)
def test_wrong_settings_are_told(place: str, settings: dict[str, str], word: str) -> None:
    command = [sys.executable, "-m", "fleetkit.sandbox.fleetd", "--listen", place]
    environment = {"PATH": os.environ["PATH"], **settings}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert word in ended.stderr
