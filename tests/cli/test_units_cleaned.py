"""``fleetkit units clean`` against what a fleet leaves behind in a real etcd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster

from fleetkit.cli import main
from fleetkit.core import NotYet, wait_until
from fleetkit.fleet import FLEET_KEY

pytestmark = pytest.mark.sandbox

_SLEEPS = [("Service", "ExecStart", "/bin/sleep 100000")]
_GONE = "4664df35562b6de582cd41c48922ff0b"


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


def clean(etcd: EtcdCluster, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    operator = etcd.pki.clients["operator"]
    url = f"https://127.0.0.1:{etcd.members['etcd1'].client_port}"
    tls = ["--cacert", str(etcd.pki.ca.certificate), "--cert", str(operator.certificate), "--key", str(operator.key)]
    approved = [url if one == "URL" else one for one in words]
    code = main(["units", "clean", "--endpoints", url, *tls, "--json", *approved])
    told = capsys.readouterr()
    return code, json.loads(told.out) if told.out else None, told.err


def test_an_etcd_in_which_fleet_keeps_nothing_and_one_that_is_silent_are_told_apart(
    etcd: EtcdCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, said = clean(etcd, capsys)
    assert code == 2
    assert "fleet keeps nothing in this etcd: the v2 store has no key /_coreos.com/fleet" in said
    etcd.pause("etcd1")
    try:
        code, _, said = clean(etcd, capsys, "--command-timeout", "1s")
    finally:
        etcd.resume("etcd1")
    assert code == 1
    assert FLEET_KEY in said


def test_what_a_destroyed_unit_and_a_lost_machine_left_goes_on_approval_and_what_runs_stays(
    etcd: EtcdCluster, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}
    with FleetCluster(etcd, tmp_path_factory.mktemp("fleet"), **quick) as fleet:
        machine = fleet.start(dict(list(THREE_MACHINES.items())[:1])).any
        assert machine.put("web.service", _SLEEPS) == 201
        assert machine.put("old.service", [("Unit", "Description", "an old one"), *_SLEEPS]) == 201
        wait_until(
            lambda: True if list(machine.states().values()) == ["active"] * 2 else NotYet(str(machine.states())),
            what="both to run",
            patience=PATIENCE,
        )
        assert machine.ask("DELETE", "/fleet/v1/units/old.service").status == 204
        wait_until(
            lambda: True if len(machine.states()) == 1 else NotYet(str(machine.states())),
            what="the old one to go",
            patience=PATIENCE,
        )
        said = json.dumps({"loadState": "loaded", "machineState": {"ID": _GONE}, "unitHash": ""})
        left = {"job/ghost.service/target": _GONE, f"states/web.service/{_GONE}": said}
        for name, value in left.items():
            etcd.etcdctl_v2("set", f"{FLEET_KEY}/{name}", value)

        code, told, _ = clean(etcd, capsys)
        assert (code, told["applied"]) == (4, None)
        garbage = {name.removeprefix(f"{FLEET_KEY}/"): why for name, why in told["garbage"].items()}
        assert left.keys() <= garbage.keys()
        (file,) = (name for name, why in garbage.items() if why == "no unit is made of it: an old one")

        code, told, said = clean(etcd, capsys, "--approve", "URL")
        assert code == 0, said
        assert {f"{FLEET_KEY}/{name}" for name in (file, *left, "job/ghost.service")} <= set(told["applied"]["deleted"])
        assert told["applied"]["put_back"] == []
        assert machine.states() == {("web.service", machine.id): "active"}
        code, told, said = clean(etcd, capsys)
        assert (code, told["garbage"]) == (0, {}), said

        assert machine.put("old.service", [("Unit", "Description", "an old one"), *_SLEEPS]) == 201
        wait_until(
            lambda: True if len(machine.states()) == 2 else NotYet(str(machine.states())),
            what="one that comes again to run",
            patience=PATIENCE,
        )
