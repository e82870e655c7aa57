"""Each notebook that looks after etcd, by hand in JupyterLab, on the cluster that all share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.e2e_world import CLUSTER, World, leader, wait_for_closed_run
from support.guide_page import GuidePage, run_all
from support.lab_browser import chromium, open_page
from support.lab_by_hand import LabByHand, lab_by_hand

from fleetkit.runs import Outcome, Way

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(900)]

LONG_MS = 300_000
# A card is seen as a whole: JupyterLab leaves grey what lies outside of its window.
WINDOW = {"width": 1250, "height": 2600}


@pytest.fixture(scope="module")
def lab(world: World) -> Iterator[LabByHand]:
    with lab_by_hand(world, CLUSTER) as served:
        yield served


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    with open_page(chromium, viewport=WINDOW) as (opened, _, errors):
        yield opened
        assert not [error for error in errors if "widget" in error.lower()]


def _records(world: World, notebook: str) -> set[Path]:
    return set((world.work / "runs" / CLUSTER).glob(f"*-{notebook}"))


def _change(world: World, page: Any, lab: LabByHand, notebook: str, *, button: str, parameters: str = "") -> GuidePage:
    """Lead a guided notebook from its plan to its outcome, and return its page; its record is done and by hand."""
    name, before = Path(notebook).stem, _records(world, Path(notebook).stem)
    title = "Restore" if button == "Restore" else "Apply"
    run_all(page, lab.notebook_url(f"notebooks/{notebook}"), parameters=parameters)
    guide = GuidePage(page)
    guide.press("Plan", "Plan")
    guide.wait_for("Plan", "passed", timeout_ms=LONG_MS)
    guide.take_pictures("Plan", f"{name}-plan")
    assert guide.is_locked(title, button)
    guide.card("Approve").get_by_label("Cluster").fill(CLUSTER)
    guide.press("Approve", "Approve")
    guide.wait_for("Approve", "passed")
    guide.press(title, button)
    guide.wait_for(title, "passed", timeout_ms=LONG_MS)
    guide.take_pictures(title, f"{name}-apply")
    guide.press("Verify", "Verify")
    guide.wait_for("Verify", "passed", timeout_ms=LONG_MS)
    guide.take_pictures("Verify", f"{name}-verify")
    guide.press("Outcome", "Close the record")
    guide.wait_for("Outcome", "Record:")
    _assert_done_by_hand(world, name, before)
    return guide


def _assert_done_by_hand(world: World, name: str, before: set[Path]) -> None:
    (folder,) = _records(world, name) - before
    record = wait_for_closed_run(folder).record
    assert (record.way, record.outcome) == (Way.BY_HAND, Outcome.DONE)


def _run_through(world: World, page: Any, lab: LabByHand, notebook: str) -> str:
    """Run a notebook without a guide to its end, and return what it shows."""
    name, before = Path(notebook).stem, _records(world, Path(notebook).stem)
    run_all(page, lab.notebook_url(f"notebooks/{notebook}"))
    page.locator(".jp-OutputArea-output", has_text="Record:").wait_for(timeout=LONG_MS)
    _assert_done_by_hand(world, name, before)
    return str(page.locator(".jp-Notebook").inner_text())


def test_members_are_defragmented(world: World, lab: LabByHand, page: Any) -> None:
    parameters = f'cluster = "{CLUSTER}"\napprove = ""\ncompact = False\neverybody = True'
    guide = _change(world, page, lab, "operate/32-defragment-etcd.ipynb", button="Defragment", parameters=parameters)
    assert all(name in guide.text("Apply") for name in ("etcd1", "etcd2", "etcd3"))


def test_certificates_of_one_member_are_rotated(world: World, lab: LabByHand, page: Any) -> None:
    parameters = f'cluster = "{CLUSTER}"\napprove = ""\nonly = "etcd2"\neverything = True\nca = False'
    guide = _change(world, page, lab, "operate/33-rotate-certificates.ipynb", button="Rotate", parameters=parameters)
    assert "etcd2" in guide.text("Apply")


def test_a_backup_is_taken_proven_and_put_back(world: World, lab: LabByHand, chromium: Any) -> None:
    world.etcdctl("put", "by-hand", "kept").must(0)
    with open_page(chromium, viewport=WINDOW) as (page, _, _errors):
        assert "unproven" in _run_through(world, page, lab, "backup/40-back-up-etcd.ipynb")
    with open_page(chromium, viewport=WINDOW) as (page, _, _errors):
        assert "is proven: RPO" in _run_through(world, page, lab, "backup/42-drill-restore.ipynb")
    world.etcdctl("put", "by-hand", "written since").must(0)
    parameters = "\n".join(
        [
            f'cluster = "{CLUSTER}"',
            *(f'{name} = ""' for name in ("approve", "place", "backup", "origin", "identity")),
            "overwrite = True",
        ]
    )
    with open_page(chromium, viewport=WINDOW) as (page, _, errors):
        guide = _change(world, page, lab, "backup/41-restore-etcd.ipynb", button="Restore", parameters=parameters)
        assert "1 keys of the v3 store were written since, and would be lost or older: by-hand" in guide.text("Plan")
        assert not [error for error in errors if "widget" in error.lower()]
    assert world.etcdctl("get", "by-hand", "--print-value-only").must(0).out.strip() == "kept"


def test_a_member_is_replaced(world: World, lab: LabByHand, page: Any) -> None:
    follower = next(name for name in ("etcd1", "etcd2", "etcd3") if name != leader(world))
    before = {one["InstanceId"] for one in world.instances_of("master")}
    parameters = f'cluster = "{CLUSTER}"\nmember = "{follower}"\napprove = ""\nanew = False'
    guide = _change(world, page, lab, "operate/30-replace-member.ipynb", button="Replace", parameters=parameters)
    assert follower in guide.text("Plan")
    after = {one["InstanceId"] for one in world.instances_of("master")}
    assert len(after - before) == 1
    assert world.health()["verdict"] == "healthy"
