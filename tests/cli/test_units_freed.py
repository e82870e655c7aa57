"""``fleetkit units free`` against a fleet that stumbles over a unit, and its etcd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster

from fleetkit.cli import main
from fleetkit.core import NotYet, wait_until

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def fleet(etcd: EtcdCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetCluster]:
    """One machine with a unit that runs, and of which a state was asked that is none."""
    quick = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}
    with FleetCluster(etcd, tmp_path_factory.mktemp("fleet"), **quick) as cluster:
        machine = cluster.start(dict(list(THREE_MACHINES.items())[:1])).any
        for name in ("web.service", "well.service"):
            assert machine.put(name, [("Service", "ExecStart", "/bin/sleep 100000")]) == 201
        wait_until(
            lambda: True if list(machine.states().values()) == ["active"] * 2 else NotYet(str(machine.states())),
            what="both to run",
            patience=PATIENCE,
        )
        assert machine.put("web.service", wanted="nonsense") == 204
        yield cluster


def test_a_poisoned_unit_is_freed_on_approval_and_obeys_again(
    etcd: EtcdCluster, fleet: FleetCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = etcd.pki.clients["operator"]
    url = f"https://127.0.0.1:{etcd.members['etcd1'].client_port}"
    tls = ["--cacert", str(etcd.pki.ca.certificate), "--cert", str(operator.certificate), "--key", str(operator.key)]

    def free(name: str, *words: str) -> tuple[int, Any, str]:
        code = main(["units", "free", name, "--endpoints", url, *tls, "--json", *words])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    code, _, said = free("well.service", "--approve", url)
    assert (code, "well.service is not poisoned: launched is asked of it" in said) == (4, True)
    code, _, said = free("none.service", "--approve", url)
    assert (code, "no state was asked of a unit 'none.service'" in said) == (2, True)
    code, told, said = free("web.service")
    assert (code, told["applied"]) == (4, None), said
    assert fleet.any.ask("GET", "/fleet/v1/units/web.service").status == 500

    code, told, said = free("web.service", "--approve", url)
    assert code == 0, said
    assert told["applied"]["deleted"] == ["/_coreos.com/fleet/job/web.service/target-state"]
    assert fleet.any.ask("GET", "/fleet/v1/units/web.service").status == 200
    endpoint = f"127.0.0.1:{fleet.any.port}"
    again = ["units", "start", "web.service", "--steady", "1s", "--endpoint", f"http://{endpoint}"]
    assert main([*again, "--approve", endpoint]) == 0, capsys.readouterr().err
    assert fleet.any.states()["web.service", fleet.any.id] == "active"
