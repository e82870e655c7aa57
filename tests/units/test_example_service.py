"""The example of a service and its sidekick: where they may run, and what becomes of them in a fleet."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster, free_port
from support.fleet_cluster import FleetCluster
from support.steady_client import SERVICE
from support.unit_scripts import find_script, place_programs

from fleetkit.core import NotFoundError, NotYet, Patience, wait_until
from fleetkit.etcd import StoredKey, V2Keys
from fleetkit.fleet import (
    FleetEndpoint,
    PlacementOptions,
    ServiceOptions,
    order_units,
    parse_fleet_endpoint,
    read_unit_files,
    render_environment,
)
from fleetkit.workflows import UnitGate, apply_units, approve, plan_unit_deploy, read_units

FOLDER = Path(__file__).parents[2] / "units/example"
UNITS = read_unit_files([FOLDER]).units
PAGE, PRESENCE = UNITS["web@.service"], UNITS["web-presence@.service"]
KEY = b"/services/internal/web/127.0.0.1"
MACHINE = {"3317c7a5a7c2fae3fd024dfb246eb956": ("127.0.0.1", "etcd=internal")}
PATIENCE = Patience(deadline_s=40, interval_s=0.05)
GATE = UnitGate(patience=Patience(deadline_s=60, interval_s=0.3), steady_s=1.0)

DOCKER = """#!/bin/sh
# docker, as far as the example asks for it: a container is a page, known by the process that serves it.
verb=$1; shift
case $verb in
  run)
    while [ $# -gt 1 ]; do
      case $1 in --name) name=$2 ;; -p) port=$2 ;; esac
      shift
    done
    port=${port#*:}
    echo $$ > FOLDER/$name
    exec PYTHON FOLDER/page.py one ${port%:*} ;;
  stop) touch FOLDER/stopped; kill -TERM "$(cat FOLDER/$3)" ;;
esac
"""


def test_they_share_one_machine_and_instances_do_not() -> None:
    first, second, beside = (
        PlacementOptions.of(unit, name=name)
        for unit, name in ((PAGE, "web@1.service"), (PAGE, "web@2.service"), (PRESENCE, "web-presence@1.service"))
    )
    assert first.conflicts == second.conflicts == ("web@*.service",)
    assert beside.machine_of == ("web@1.service",)
    assert not order_units({"web@1.service": PAGE, "web-presence@1.service": PRESENCE}).circle


def test_the_sidekick_tells_of_the_service_that_the_unit_offers() -> None:
    service = ServiceOptions.of(PAGE)
    assert service is not None
    (given,) = (one.value for one in PRESENCE.options if one.value.startswith("SERVICE="))
    assert given == f"SERVICE={service.name} PORT={service.port} PROBE={service.probe.path}"
    (started,) = (one.value for one in PAGE.options if one.name == "ExecStart")
    words = shlex.split(started)
    assert words[words.index("-p") + 1] == f"${{COREOS_EC2_IPV4_LOCAL}}:{service.port}:8080"
    assert 32768 <= service.port <= 61000, "workers reach each other there alone"


def test_the_sidekick_asks_for_what_machines_are_told() -> None:
    (started,) = (one.value for one in PRESENCE.options if one.name == "ExecStart")
    told = render_environment(
        members={"etcd1": "10.10.3.100"},
        metadata={"etcd": "internal"},
        etcd_request_timeout_s=1,
        agent_ttl_s=30,
        engine_reconcile_interval_s=2,
    )
    names = {line.partition("=")[0] for line in told.splitlines()}
    asked = {"FLEET_ETCD_SERVERS", "FLEET_ETCD_CAFILE", "FLEET_ETCD_CERTFILE", "FLEET_ETCD_KEYFILE"}
    assert asked | {"FLEETKIT_ROLE_METADATA"} <= names
    assert all(f"$${name}" in started for name in asked)


def wait_for(look: Callable[[], object], what: str) -> None:
    wait_until(lambda: True if look() else NotYet("it is not so yet"), what=what, patience=PATIENCE)


def run_presence(folder: Path, *, role: str = "internal", answers: str = "true") -> list[str]:
    """Run the sidekick of a page at 10.10.1.7 for some rounds, end it, and return what it asked, without its pauses.

    Parameters
    ----------
    answers
        A line of shell that stands for whoever is asked; ``$url`` is what for.
    """
    asks = f'for url; do :; done; test -z "$url" || {answers}'
    path = place_programs(folder, curl=asks, sleep="exec /bin/sleep 0.1")
    (given,) = (one.value for one in PRESENCE.options if one.value.startswith("SERVICE="))
    environment = {
        **dict(word.split("=", 1) for word in given.split()),
        "COREOS_EC2_IPV4_LOCAL": "10.10.1.7",
        "FLEETKIT_ROLE_METADATA": f"rack=a,etcd={role}",
        "FLEET_ETCD_SERVERS": "https://10.10.3.100:2379,https://10.10.4.100:2379",
        "LINGER": "12",
        "PATH": path,
    }
    calls = folder / "calls"
    with subprocess.Popen(["/bin/sh", "-c", find_script(PRESENCE, "ExecStart")], env=environment) as running:
        wait_for(lambda: calls.exists() and calls.read_text().count("sleep 10") > 1, "some rounds")
        running.terminate()
        assert running.wait(timeout=30) == 0
    found = []
    for line in calls.read_text().splitlines():
        words = line.split()
        if words[0] == "curl":
            verb = words[words.index("--request") + 1] if "--request" in words else "GET"
            found.append(f"{verb} {words[-1]}")
        elif line != "sleep 10":
            found.append(line)
    return found


PLACE = "GET http://10.10.1.7:32801/"
KEYS = "/v2/keys/services/internal/web/10.10.1.7"


def test_the_sidekick_renews_a_key_and_takes_it_away_before_the_page_leaves(tmp_path: Path) -> None:
    found = run_presence(tmp_path)
    assert found[:4] == [PLACE, f"PUT https://10.10.3.100:2379{KEYS}"] * 2
    assert found[-3:] == [f"DELETE https://10.10.3.100:2379{KEYS}", PLACE, "sleep 12"]
    assert "--data value=10.10.1.7:32801 --data ttl=30" in (tmp_path / "calls").read_text()


def test_the_sidekick_says_nothing_of_a_page_that_does_not_answer(tmp_path: Path) -> None:
    assert set(run_presence(tmp_path, answers='case "$url" in http:*) exit 7 ;; esac')) == {PLACE}


def test_the_sidekick_takes_away_the_key_of_a_page_that_answers_no_more(tmp_path: Path) -> None:
    once = f'case "$url" in http:*) mkdir {tmp_path}/once 2> /dev/null || exit 7 ;; esac'
    found = run_presence(tmp_path, answers=once)
    server = f"https://10.10.3.100:2379{KEYS}"
    assert found[:4] == [PLACE, f"PUT {server}", PLACE, f"DELETE {server}"]
    assert set(found[4:]) <= {PLACE}, "it is taken away once, and nothing is waited for"


def test_the_sidekick_asks_the_next_member_where_one_does_not_answer(tmp_path: Path) -> None:
    found = run_presence(tmp_path, answers='case "$url" in *10.10.3.100*) exit 7 ;; esac')
    assert found[:3] == [PLACE, f"PUT https://10.10.3.100:2379{KEYS}", f"PUT https://10.10.4.100:2379{KEYS}"]


def test_a_public_worker_is_told_of_in_the_tree_of_the_public_web(tmp_path: Path) -> None:
    assert run_presence(tmp_path, role="public")[1].endswith("/v2/keys/services/web/web/10.10.1.7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The example in a fleet of one machine."""

    fleet: FleetCluster
    endpoint: FleetEndpoint
    keys: V2Keys
    port: int
    folder: Path

    @property
    def page(self) -> int:
        """The process that serves the page now."""
        return int((self.folder / "web-1").read_text())

    def find_key(self) -> StoredKey | None:
        try:
            return self.keys.get(KEY)
        except NotFoundError:
            return None

    def states(self) -> Mapping[str, str]:
        return {name: active for (name, _), active in self.fleet.any.states().items()}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder, port = tmp_path_factory.mktemp("example"), free_port()
    (folder / "page.py").write_text(SERVICE)
    docker = folder / "docker"
    docker.write_text(DOCKER.replace("FOLDER", str(folder)).replace("PYTHON", sys.executable))
    docker.chmod(0o755)
    with EtcdCluster(folder / "etcd", size=1) as etcd, FleetCluster(etcd, folder / "f") as fleet:
        fleet.start(MACHINE)
        (folder / "flatcar").write_text("COREOS_EC2_IPV4_LOCAL=127.0.0.1\n")
        told = {**fleet.environment, "FLEETKIT_ROLE_METADATA": "etcd=internal"}
        del told["PATH"]
        (folder / "fleet.env").write_text("".join(f"{key}={value}\n" for key, value in told.items()))
        changed = {
            "/usr/bin/docker": str(docker),
            "/run/metadata/flatcar": str(folder / "flatcar"),
            "/etc/fleet/fleet.env": str(folder / "fleet.env"),
            "32801": str(port),
            "sleep 10 ": "sleep 0.2 ",
            "LINGER=12": "LINGER=4",
            "RestartSec=5": "RestartSec=1",
        }
        (folder / "units").mkdir()
        for path in FOLDER.iterdir():
            text = path.read_text()
            for one, other in changed.items():
                text = text.replace(one, other)
            (folder / "units" / path.name).write_text(text)
        endpoint = parse_fleet_endpoint(f"http://127.0.0.1:{fleet.any.port}")
        files = read_unit_files([folder / "units"])
        plan = plan_unit_deploy(endpoint, files, instances=["web@1.service", "web-presence@1.service"])
        applied = apply_units(endpoint, approve(plan, plan.cluster), gate=GATE)
        assert applied.failed == {}
        yield Deployed(
            fleet=fleet,
            endpoint=endpoint,
            keys=V2Keys(endpoints=etcd.endpoints(), tls=etcd.tls),
            port=port,
            folder=folder,
        )


@pytest.mark.sandbox
def test_what_serves_is_told_in_etcd_for_as_long_as_somebody_renews_it(deployed: Deployed) -> None:
    wait_for(deployed.find_key, "the key")
    key = deployed.find_key()
    assert key is not None
    assert key.content == f"127.0.0.1:{deployed.port}".encode()
    assert key.ttl_s is not None
    assert 0 < key.ttl_s <= 30
    running = [one.name for one in read_units(deployed.endpoint).statuses if one.verdict == "running"]
    assert sorted(running) == ["web-presence@1.service", "web@1.service"]


@pytest.mark.sandbox
def test_after_a_crash_both_are_there_again(deployed: Deployed) -> None:
    wait_for(deployed.find_key, "the key")
    before = deployed.page
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: deployed.find_key() is None, "the key to be gone")
    wait_for(lambda: deployed.page != before and deployed.find_key(), "the key to be there again")
    # Fleet hears of a state a moment later than etcd of the key.
    both = {"web@1.service": "active", "web-presence@1.service": "active"}
    wait_for(lambda: deployed.states() == both, "both to be active")


@pytest.mark.sandbox
def test_a_page_that_is_stopped_is_gone_from_etcd_first_and_serves_on_meanwhile(deployed: Deployed) -> None:
    wait_for(deployed.find_key, "the key")
    stopped = deployed.folder / "stopped"
    stopped.unlink(missing_ok=True)
    assert deployed.fleet.any.put("web@1.service", wanted="loaded") == 204
    wait_for(lambda: deployed.find_key() is None, "the key to be gone")
    assert not stopped.exists()
    wait_for(stopped.exists, "the page to be stopped")
    assert deployed.fleet.any.put("web@1.service", wanted="launched") == 204
    wait_for(deployed.find_key, "the key to be there again")
