"""Units by keyboard alone, in JupyterLab, on emulators of fleet that run them: found, heard, and destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster
from support.guide_page import GuidePage, run_all
from support.lab_browser import Lab, open_page, widget_errors
from support.units_kernel import kernel_startup

from fleetkit.core import NotYet, data_folder, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(300)]

TITLE = "Units of seen"
HOSTILE = "<img src=x onerror=alert(1)>"
UNITS = {
    "web@1.service": [("Service", "ExecStart", "/bin/sleep 100000"), ("Unit", "Description", HOSTILE)],
    "fail.service": [("Service", "ExecStart", "/bin/false")],
    "all.service": [("Service", "ExecStart", "/bin/sleep 100000"), ("X-Fleet", "Global", "true")],
    "nowhere.service": [("Service", "ExecStart", "/bin/sleep 9"), ("X-Fleet", "MachineMetadata", "role=none")],
}


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FleetCluster]:
    with EtcdCluster(tmp_path / "etcd", size=1) as etcd, FleetCluster(etcd, tmp_path / "f") as cluster:
        cluster.start(dict(list(THREE_MACHINES.items())[:2]))
        for name, options in UNITS.items():
            assert cluster.any.put(name, options) == 201

        def look() -> bool | NotYet[bool]:
            states = cluster.any.states()
            stand = sorted(states.values())
            return True if stand == ["active", "active", "active", "failed"] else NotYet(str(states))

        wait_until(look, what="the units to stand", patience=PATIENCE)
        yield cluster


def prepare(lab: Lab, url: str) -> str:
    """Put the notebook where JupyterLab serves it, with changes allowed and a fleet in reach; return its path."""
    write_cluster(lab.folder, name="seen")
    shelf = lab.folder / "notebooks" / "inspect"
    shelf.mkdir(parents=True, exist_ok=True)
    notebook = json.loads((data_folder("notebooks") / "inspect" / "21-browse-units.ipynb").read_text(encoding="utf-8"))
    code = [one for one in notebook["cells"] if one["cell_type"] == "code"]
    code[0]["source"] = ['cluster, folder, lines, changes = "seen", "", 0, True']
    code[1]["source"] = [kernel_startup(url, said="it said <b>this</b>"), *code[1]["source"]]
    (shelf / "21-browse-units.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return "notebooks/inspect/21-browse-units.ipynb"


def is_gone(fleet: FleetCluster) -> bool | NotYet[bool]:
    states = fleet.any.states()
    return NotYet(str(states)) if any(name == "web@1.service" for name, _ in states) else True


def reach(page: Any, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate(
            "name => { const one = document.activeElement;"
            " return (one.labels?.length ? one.labels[0] : one).textContent.trim() === name; }",
            name,
        ):
            return
    raise AssertionError(f"Tab does not come to {name!r}")


def test_a_unit_is_found_read_and_destroyed_by_keyboard(chromium: Any, jupyter_lab: Lab, fleet: FleetCluster) -> None:
    path = prepare(jupyter_lab, f"http://127.0.0.1:{fleet.any.port}")
    with open_page(chromium, viewport={"width": 1300, "height": 2400}) as (page, _, errors):
        run_all(page, jupyter_lab.notebook_url(path))
        guide = GuidePage(page)
        guide.wait_for(TITLE, "nowhere.service")
        card = guide.card(TITLE)
        card.get_by_role("button", name="Read again", exact=True).focus()
        reach(page, "filter")
        page.keyboard.type("WEB@")
        page.keyboard.press("Enter")
        guide.wait_for(TITLE, "1 unit: 1 running with “WEB@” in the name")
        reach(page, "Next unit")
        page.keyboard.press("Enter")
        guide.wait_for(TITLE, "Description=<img src=x onerror=alert(1)>")
        guide.wait_for(TITLE, "it said <b>this</b>")
        guide.take_pictures(TITLE, "browse-units")
        reach(page, "Destroy")
        page.keyboard.press("Enter")
        guide.wait_for(TITLE, "web@1.service: stopped, and forgotten")
        reach(page, "approve")
        page.keyboard.type("seen")
        reach(page, "Apply")
        page.keyboard.press("Space")
        guide.wait_for_status(TITLE, "of seen")
        # Its machine tells of it for some seconds more, in which it is orphaned.
        wait_until(lambda: is_gone(fleet), what="the machine to let go of it", patience=PATIENCE)
        guide.press(TITLE, "Read again")
        guide.wait_for(TITLE, "web@1.service: neither fleet nor a machine knows it any more")
        guide.take_pictures(TITLE, "browse-units-destroyed")
        assert "web@1.service" not in {one["name"] for one in fleet.any.get("/units")["units"]}
        assert card.locator("img").count() == 0
        assert widget_errors(errors) == []
