"""Each notebook that changes units, machines and names of services, by hand in JupyterLab, on the cluster of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.by_hand import LONG_MS, lead_by_hand, page
from support.e2e_world import CLUSTER, World
from support.guide_page import GuidePage, run_all
from support.lab_browser import chromium
from support.lab_by_hand import LabByHand, lab_by_hand

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

NAMES = ["hand@1.service", "hand@2.service"]
SERVED = """[Unit]
Description=a page, {text}

[Service]
ExecStart=/usr/bin/python3 -m http.server 32801

[X-Service]
Name=hand
Port=32801
Probe=http:/

[X-Fleet]
MachineMetadata=etcd=internal
Conflicts=hand@*.service
"""


@pytest.fixture(scope="module")
def lab(world: World) -> Iterator[LabByHand]:
    with lab_by_hand(world, CLUSTER) as served:
        yield served


def write_unit(world: World, text: str) -> None:
    folder = world.work / "by-hand"
    folder.mkdir(exist_ok=True)
    (folder / "hand@.service").write_text(SERVED.format(text=text), encoding="utf-8")


def parameters(**values: object) -> str:
    lines = [f"{name} = {value!r}" for name, value in {"cluster": CLUSTER, "approve": "", **values}.items()]
    return "\n".join(lines).replace("'", '"')


def verdicts(world: World) -> dict[str, str]:
    units = world.fleetkit("units", "list", CLUSTER, "--json").must(0).json()["units"]
    return {one["name"]: one["verdict"] for one in units if one["name"] in NAMES}


def test_units_are_deployed(world: World, lab: LabByHand, page: Any) -> None:
    write_unit(world, "first")
    given = parameters(folder="by-hand", instances="hand@{1..2}.service", state="launched", roll_back=False)
    guide = lead_by_hand(world, page, lab, "operate/35-deploy-units.ipynb", button="Send", parameters=given)
    assert "hand@1.service" in guide.text("Plan")
    assert verdicts(world) == dict.fromkeys(NAMES, "running")


def test_instances_are_rolled(world: World, lab: LabByHand, page: Any) -> None:
    write_unit(world, "second")
    given = parameters(folder="by-hand", at_once=1, steady_s=2.0, probe="declared", roll_back=True)
    guide = lead_by_hand(world, page, lab, "operate/36-roll-units.ipynb", button="Send", parameters=given)
    assert "second" in world.fleetkit("units", "show", CLUSTER, NAMES[1]).must(0).out
    assert NAMES[0] in guide.text("Plan")


def test_names_come_to_be_true(world: World, lab: LabByHand, page: Any) -> None:
    given = parameters(endpoint="", remove_last=False)
    guide = lead_by_hand(world, page, lab, "operate/38-sync-names.ipynb", button="Change the names", parameters=given)
    assert "hand" in guide.text("Plan")
    listed = world.fleetkit("dns", "list", CLUSTER, "--json").must(0).text
    assert "hand" in listed


def test_units_are_looked_at(lab: LabByHand, page: Any) -> None:
    given = 'cluster = ""\nfolder = "by-hand"\nlines = 5\nchanges = False'
    run_all(page, lab.notebook_url("notebooks/inspect/21-browse-units.ipynb"), parameters=given)
    guide = GuidePage(page)
    guide.wait_for(f"Units of {CLUSTER}", NAMES[0], timeout_ms=LONG_MS)
    guide.take_pictures(f"Units of {CLUSTER}", "21-browse-units")


def test_a_machine_is_emptied_and_taken_back(world: World, lab: LabByHand, page: Any) -> None:
    machine = world.instances_of("public")[0]["PrivateIpAddress"]
    for back in (False, True):
        given = parameters(machine=machine, back=back, strand=False)
        guide = lead_by_hand(world, page, lab, "operate/37-drain-machine.ipynb", button="Drain", parameters=given)
        assert machine in guide.text("Plan")
    world.fleetkit("units", "destroy", CLUSTER, *NAMES, "hand@.service", "--approve", CLUSTER).must(0)
    world.fleetkit("dns", "sync", CLUSTER, "--remove-last", "--approve", CLUSTER).must(0)
