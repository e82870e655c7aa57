"""Every request that fleet v1.0.0 was recorded to answer, sent to the emulator: status, headers and body are the same.

Requests that need a state are sent in the order in which they were recorded, with what made that state before them.
Machine ids and what depends on the moment are set apart; where a state comes about by itself, it is waited for.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, Answer, FleetCluster, FleetMachine
from support.fleet_replay import RECORDINGS

from fleetkit.core import NotYet, wait_until
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.settings import FleetdSettings

pytestmark = pytest.mark.sandbox

_FILES = {path.stem.partition("-")[0]: path for path in RECORDINGS.glob("*.json")}
_REPLAYED: set[str] = set()
_MACHINE_ID = re.compile(r'"[0-9a-f]{32}"')
_SLEEP = [("Unit", "Description", "t"), ("Service", "ExecStart", "/bin/sleep 100000")]
_QUICK = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(etcd: EtcdCluster, tmp_path: Path) -> Iterator[FleetCluster]:
    """Three machines, and nothing on them."""
    prefix = f"/fleet/{tmp_path.name}"
    with FleetCluster(etcd, tmp_path, FLEET_ETCD_KEY_PREFIX=prefix) as cluster:
        yield cluster.start()


def read(number: str) -> dict[str, Any]:
    """Return a recorded exchange, which counts as replayed from then on."""
    _REPLAYED.add(number)
    exchange: dict[str, Any] = json.loads(_FILES[number].read_text(encoding="utf-8"))
    return exchange


def send(machine: FleetMachine, request: dict[str, Any]) -> Answer:
    return machine.ask(request["method"], request["target"], request["headers"], request["body"])


def tell_apart(got: Answer, recorded: dict[str, Any], *, ids: bool) -> str:
    """Say in what an answer is another than the recorded one; empty where in nothing."""
    if recorded["status"] is None:
        return "" if got.status is None else f"an answer, {got.status}"
    headers = dict(recorded["headers"])
    headers.pop("Date", None)
    expected: Any = recorded.get("json")
    found = got.json if expected is not None else got.body.decode()
    if expected is None:
        expected = recorded.get("body") or ""
    shown, wanted = (json.dumps(one, sort_keys=True) for one in (found, expected))
    if not ids:
        shown, wanted = (_MACHINE_ID.sub('"(machine)"', one) for one in (shown, wanted))
    if got.status != recorded["status"]:
        return f"status {got.status} instead of {recorded['status']}: {shown}"
    if shown != wanted:
        return f"{shown}\ninstead of\n{wanted}"
    told = {name: value for name, value in got.headers.items() if name in headers}
    return "" if told == headers else f"headers {dict(got.headers)} instead of {headers}"


def replay(machine: FleetMachine, *numbers: str, ids: bool = True, patient: bool = False) -> None:
    """Send recorded requests one after the other; ``patient`` where the answer comes about by itself."""
    for number in numbers:
        exchange = read(number)

        def look(exchange: dict[str, Any] = exchange) -> bool | NotYet[bool]:
            apart = tell_apart(send(machine, exchange["request"]), exchange["response"], ids=ids)
            return NotYet(apart) if apart else True

        if patient:
            wait_until(look, what=f"the answer of {_FILES[number].stem}", patience=PATIENCE)
        else:
            found = look()
            assert not isinstance(found, NotYet), f"{_FILES[number].stem}: {found}"


def store_of(fleet: FleetCluster) -> EtcdClient:
    return EtcdClient(FleetdSettings.from_environment(fleet.environment))


_STATELESS = (
    *("004", "005", "006", "010", "013", "014", "016", "017", "018", "019", "020", "021", "023", "024", "027", "028"),
    *("029", "030", "031", "032", "033", "036", "037", "038", "039", "040", "041", "042", "043", "044", "045", "046"),
    *("047", "048", "049", "050", "051", "054", "055", "056", "058", "059", "060", "065", "070", "071", "174"),
)


def test_what_needs_no_state(fleet: FleetCluster) -> None:
    replay(fleet.any, *_STATELESS)


@pytest.mark.parametrize("number", ["001", "002", "003"])
def test_machines_are_listed(etcd: EtcdCluster, tmp_path: Path, number: str) -> None:
    listed = read(number)["response"]["json"]["machines"]
    machines = {
        one["id"]: (one["primaryIP"], ",".join(f"{key}={value}" for key, value in one["metadata"].items()))
        for one in listed
    }
    with FleetCluster(etcd, tmp_path, FLEET_ETCD_KEY_PREFIX=f"/fleet/{tmp_path.name}") as cluster:
        replay(cluster.start(machines).any, number)


@pytest.mark.parametrize("number", ["008", "213"])
def test_metrics_have_the_recorded_form(fleet: FleetCluster, number: str) -> None:
    """Of the recorded metrics the emulator has the one by which a leader is known."""
    recorded = read(number)["response"]
    got = send(fleet.any, read(number)["request"])
    headers = dict(recorded["headers"])
    assert (got.status, got.headers["Content-Type"]) == (recorded["status"], headers["Content-Type"])
    known = [line for line in recorded["body"].splitlines() if "fleet_engine_leader_start_time" in line]
    assert [line.rpartition(" ")[0] for line in got.body.decode().splitlines()] == [
        line.rpartition(" ")[0] for line in known
    ]


def test_what_is_refused_and_what_is_stored(fleet: FleetCluster) -> None:
    replay(fleet.any, "053", "057", "072", "073", "074", "075", "076", "077")
    replay(fleet.any, "078", patient=True)


def test_the_life_of_a_unit(fleet: FleetCluster) -> None:
    machine = fleet.any
    replay(machine, "088")
    assert machine.ask("DELETE", "/fleet/v1/units/life.service").status == 204
    replay(machine, "090", "091", "092", "093", "094", "095", "096")
    replay(machine, "098", patient=True)
    replay(machine, "099")
    replay(machine, "102", patient=True)
    replay(machine, "104", "105", "106", "108", "109", "110")
    changed = hash_of(machine, "life.service")
    wait_until(
        lambda: NotYet("the old one") if hash_of(machine, "life.service") == changed else True,
        what="the new unit to run",
        patience=PATIENCE,
    )
    replay(machine, "111")
    replay(machine, "112", "113", patient=True)
    replay(machine, "114")
    # Recorded in the moment in which it had been placed, and was not there yet.
    replay(machine, "115", patient=True)
    wait_until(
        lambda: True if hash_of(machine, "life.service") else NotYet("no state"), what="it to run", patience=PATIENCE
    )
    replay(machine, "116")
    seen = machine.get("/units/life.service")
    assert (seen["desiredState"], "machineID" in seen) == ("inactive", True)
    replay(machine, "118", patient=True)
    replay(machine, "119", "120", "121", "122")


def hash_of(machine: FleetMachine, unit: str) -> str:
    found = machine.get(f"/state?unitName={unit}").get("states", [])
    return str(found[0]["hash"]) if found else ""


def test_a_unit_that_is_not_wanted_any_more_is_told_with_its_machine_until_the_engine_has_seen_it(
    etcd: EtcdCluster, tmp_path: Path
) -> None:
    slow = {"FLEET_ENGINE_RECONCILE_INTERVAL": "2", "FLEET_ETCD_KEY_PREFIX": f"/fleet/{tmp_path.name}"}
    first = dict(list(THREE_MACHINES.items())[:1])
    with FleetCluster(etcd, tmp_path, **slow) as cluster:
        machine = cluster.start(first).any
        replay(machine, "114")
        wait_until(
            lambda: True if hash_of(machine, "life.service") else NotYet("no state"), what="it", patience=PATIENCE
        )
        assert machine.put("life.service", wanted="inactive") == 204
        exchange = read("117")
        got = send(machine, exchange["request"]).json
        # Its state may still be there in this moment, so that it counts as launched.
        assert {**got, "currentState": "inactive"} == exchange["response"]["json"]


def test_units_are_placed_and_run_as_recorded(fleet: FleetCluster) -> None:
    machine = fleet.any
    for number in range(124, 147):
        if f"{number}" in _FILES:
            replay(machine, f"{number}")
    for number in ("147", "148"):
        exchange = read(number)

        def look(exchange: dict[str, Any] = exchange) -> bool | NotYet[bool]:
            got = send(machine, exchange["request"])
            wanted = exchange["response"]
            apart = tell_apart(
                Answer(status=got.status, headers=got.headers, body=without_places(got.json)),
                {**wanted, "json": json.loads(without_places(wanted["json"]))},
                ids=False,
            )
            return NotYet(apart) if apart else True

        wait_until(look, what=f"the answer of {_FILES[number].stem}", patience=PATIENCE)
    where = dict(machine.states().keys())
    recorded = {one["name"]: one["machineID"] for one in read("148")["response"]["json"]["states"]}
    bound = ("md1.service", "mdor.service", "mdquoted.service", "mdtwo.service", "mid.service", "of.service")
    assert {name: where[name] for name in bound} == {name: recorded[name] for name in bound}
    assert len({where[f"conf@{number}.service"] for number in (1, 2, 3)}) == 3
    replay(machine, "150", ids=False)
    replay(machine, "152")


def without_places(found: Any) -> bytes:
    """Return a list of units or states without the machines that may be others, and sorted without them."""
    (field,) = found
    rows = [{key: value for key, value in row.items() if key != "machineID"} for row in found[field]]
    return json.dumps({field: sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))}).encode()


def test_metadata_are_changed_and_move_units(fleet: FleetCluster) -> None:
    machine = fleet.any
    replay(machine, "126")
    wait_until(
        lambda: True if machine.get("/units/md1.service").get("machineID") else NotYet("nowhere"),
        what="a machine",
        patience=PATIENCE,
    )
    replay(machine, "154", "155", "156", "157", "158", "159", "161", "162", "163", "164")
    replay(machine, "167", patient=True)
    replay(machine, "168", "169", "170")
    wait_until(
        lambda: True if machine.get("/units/md1.service").get("machineID") else NotYet("nowhere"),
        what="it to come back",
        patience=PATIENCE,
    )


def test_many_units_come_in_pages(fleet: FleetCluster) -> None:
    machine = fleet.any
    for number in range(100):
        assert machine.put(f"s{number:04}.service", _SLEEP) == 201
    replay(machine, "193", ids=False, patient=True)
    replay(machine, "194")
    assert machine.put("s0100.service", _SLEEP) == 201
    replay(machine, "195", "196", "198", ids=False, patient=True)


def test_nine_units_run_on_three_machines(fleet: FleetCluster) -> None:
    machine = fleet.any
    for one in read("123")["response"]["json"]["states"]:
        assert machine.put(one["name"], _SLEEP) == 201
    replay(machine, "123", ids=False, patient=True)
    where = list(machine.states())
    assert sorted(sum(on == one for _, on in where) for one in fleet.machines) == [3, 3, 3]


def test_a_machine_that_is_killed_is_believed_until_its_time_is_up(etcd: EtcdCluster, tmp_path: Path) -> None:
    with FleetCluster(etcd, tmp_path, FLEET_ETCD_KEY_PREFIX=f"/fleet/{tmp_path.name}", **_QUICK) as fleet:
        fleet.start()
        machine = fleet["8913"]
        for name in [f"f{number}.service" for number in range(6)]:
            assert machine.put(name, _SLEEP) == 201
        longer = ("Service", "ExecStart", "/bin/sleep 1000000")
        assert machine.put("g.service", [_SLEEP[0], longer, ("X-Fleet", "Global", "true")]) == 201
        replay(machine, "200", "201", ids=False, patient=True)
        lost = machine.get("/units/f0.service")["machineID"]
        fleet.machines[lost].end(signal.SIGKILL)
        machine = fleet.any
        replay(machine, "200", "201", ids=False)
        assert machine.get("/units/f0.service")["machineID"] == lost
        wait_until(
            lambda: NotYet("listed") if len(machine.get("/machines")["machines"]) > 2 else True,
            what="it to be missed",
            patience=PATIENCE,
        )
        replay(machine, "202", ids=False, patient=True)

        def moved() -> bool | NotYet[bool]:
            """Look whether the engine's next round has taken them elsewhere."""
            left = [one["name"] for one in machine.get("/units")["units"] if one.get("machineID") == lost]
            return NotYet(f"{left} still there") if left else True

        wait_until(moved, what="its units to be placed elsewhere", patience=PATIENCE)
        read("203")
        assert {one["id"] for one in machine.get("/machines")["machines"]} == fleet.machines.keys() - {lost}


def test_a_lost_quorum_is_told_first_here_and_there_and_then_everywhere(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd", size=3) as etcd, FleetCluster(etcd, tmp_path, **_QUICK) as fleet:
        machine = fleet.start().any
        for name in [f"f{number}.service" for number in range(6)]:
            assert machine.put(name, _SLEEP) == 201

        def launched() -> bool | NotYet[bool]:
            """Look whether all run and are told so: fleet keeps a unit's state and its job's heartbeat apart."""
            told = [one["currentState"] for one in machine.get("/units")["units"]]
            states = len(machine.states())
            return True if states == 6 and told == ["launched"] * 6 else NotYet(f"{states} states, {told}")

        wait_until(launched, what="six units to be launched", patience=PATIENCE)
        for name in ("etcd2", "etcd3"):
            etcd.kill(name)
        for number in ("204", "208", "209", "210"):
            replay(machine, number)
        for number, field in (("205", "machines"), ("206", "states")):
            got = send(machine, read(number)["request"])
            assert got.status == 200
            assert {tuple(sorted(one)) for one in got.json[field]} == {
                tuple(sorted(one)) for one in read(number)["response"]["json"][field]
            }
        replay(machine, "207", "211", "212", ids=False)
        replay(machine, "224", patient=True)
        replay(machine, "225", "226", "227", "228", "229", "232", "233")


def test_what_fleet_takes_though_it_should_not(fleet: FleetCluster) -> None:
    replay(fleet.any, "234", "237")


def test_a_poisoned_unit_is_refused_for_ever_until_its_key_is_gone(etcd: EtcdCluster, tmp_path: Path) -> None:
    with FleetCluster(etcd, tmp_path, FLEET_ETCD_KEY_PREFIX=f"/fleet/{tmp_path.name}") as fleet:
        machine = fleet.start().any
        replay(machine, "088")
        assert machine.put("life.service", wanted="launched") == 204
        wait_until(lambda: True if machine.states() else NotYet("not yet"), what="it to run", patience=PATIENCE)
        replay(machine, "9106", "9107", "9108", "9109", "9117", "9120", "9184", "9185", "9186")
        wait_until(lambda: NotYet("it runs") if machine.states() else True, what="it to be unloaded", patience=PATIENCE)
        assert store_of(fleet).delete("job/life.service/target-state")
        replay(machine, "9187", ids=False)
        replay(machine, "9188")


def test_no_recording_was_left_out() -> None:
    assert _FILES.keys() == _REPLAYED
