"""A whole cluster by hand in JupyterLab: described, deployed with an interruption, watched, and what that leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import e2e_world
from support.e2e_world import CLUSTER, World, wait_for_closed_run
from support.guide_page import GuidePage, run_all
from support.lab_browser import chromium, open_page, widget_errors
from support.lab_by_hand import LabByHand, lab_by_hand

from fleetkit.core import Patience
from fleetkit.pki import verify_signature
from fleetkit.runs import EventKind, Outcome, ProofState, Way, read_journal, verify_run

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

FORM = "The cluster"
LONG_MS = 300_000
LONG = Patience(deadline_s=300, interval_s=0.5)
WINDOW = {"width": 1250, "height": 1500}
# A card is seen as a whole: JupyterLab leaves grey what lies outside of its window.
TALL_WINDOW = {"width": 1250, "height": 3400}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return an empty folder to work in, and its sandbox."""
    world = e2e_world.bring_up(tmp_path_factory.mktemp("by-hand"))
    try:
        yield world
    finally:
        e2e_world.take_down(world)


@pytest.fixture(scope="module")
def lab(world: World) -> Iterator[LabByHand]:
    with lab_by_hand(world, CLUSTER) as served:
        yield served


def record_of(world: World, notebook: str) -> Path:
    (found,) = (world.work / "runs" / CLUSTER).glob(f"*-{notebook}")
    return found


def describe(guide: GuidePage, world: World) -> None:
    """Fill the form of a cluster that has no file, wrong and then right."""
    guide.wait_for(FORM, "new file")
    address = guide.card(FORM).get_by_label("operator_cidr")
    address.fill("0.0.0.0/0")
    guide.wait_for(FORM, "which is the whole internet")
    assert guide.is_locked(FORM, "Save the file")
    guide.take_pictures(FORM, "form")
    guide.press(FORM, "Use my address")
    guide.card(FORM).get_by_text("which is the whole internet").wait_for(state="detached")
    assert not world.file.exists()
    guide.press(FORM, "Save the file")
    guide.wait_for(FORM, "✓ saved")
    assert 'operator_cidr = "' in world.file.read_text()


def check_and_plan(guide: GuidePage) -> None:
    assert guide.is_locked("Plan", "Plan")
    guide.press("Check first", "Check")
    guide.wait_for("Check first", "passed", timeout_ms=LONG_MS)
    guide.take_pictures("Check first", "preflight")
    assert guide.is_locked("Approve", "Approve")
    guide.press("Plan", "Plan")
    guide.wait_for("Plan", "passed", timeout_ms=LONG_MS)
    guide.take_pictures("Plan", "plan")


def approve(guide: GuidePage) -> None:
    """Try a wrong name first."""
    name = guide.card("Approve").get_by_label("Cluster")
    name.fill("demmo")
    guide.press("Approve", "Approve")
    guide.wait_for("Approve", "the approval names 'demmo'")
    guide.take_pictures("Approve", "refused")
    assert guide.is_locked("Apply", "Apply")
    name.fill(CLUSTER)
    guide.press("Approve", "Approve")
    guide.wait_for("Approve", "passed")


def cancel_half_way(guide: GuidePage, world: World) -> None:
    """Apply until instances are there, run another cell meanwhile, and cancel."""
    guide.press("Apply", "Apply")
    e2e_world.wait_for("the first machine", lambda: bool(world.instances("pending", "running")), patience=LONG)
    assert guide.run_another_cell("6 * 7") == "42"
    assert "running" in guide.text("Apply")
    bar = guide.card("Apply").locator(".widget-hprogress .progress")
    moved = bar.evaluate("bar => bar.firstElementChild.offsetWidth / bar.offsetWidth")
    assert 0 < moved < 1
    guide.take_pictures("Apply", "apply")
    guide.press("Apply", "Cancel")
    guide.wait_for("Apply", "cancelled", timeout_ms=LONG_MS)
    guide.take_pictures("Apply", "cancelled")
    assert guide.is_locked("Apply", "Apply")


def go_on(guide: GuidePage) -> None:
    """Plan again, and bring it to its end."""
    guide.press("Plan", "Plan again")
    guide.wait_for("Plan", "passed", timeout_ms=LONG_MS)
    guide.press("Approve", "Approve")
    guide.wait_for("Approve", "passed")
    guide.press("Apply", "Apply")
    guide.wait_for("Apply", "passed", timeout_ms=LONG_MS)
    guide.take_pictures("Apply", "applied")
    guide.press("Verify", "Verify")
    guide.wait_for("Verify", "demo lives", timeout_ms=LONG_MS)
    guide.press("Outcome", "Close the record")
    guide.wait_for("Outcome", "Record:")
    guide.take_pictures("Outcome", "outcome")


def test_a_deploy_by_hand_is_cancelled_half_way_and_goes_on_and_its_record_verifies(
    world: World, lab: LabByHand, chromium: Any
) -> None:
    with open_page(chromium, viewport=WINDOW) as (page, _, errors):
        run_all(page, lab.notebook_url("notebooks/deploy/10-deploy-cluster.ipynb"))
        guide = GuidePage(page)
        guide.wait_for("Outcome", "waiting")
        describe(guide, world)
        check_and_plan(guide)
        approve(guide)
        cancel_half_way(guide, world)
        go_on(guide)
        stored = wait_for_closed_run(record_of(world, "10-deploy-cluster"))
        assert not widget_errors(errors)
    assert (stored.record.way, stored.record.outcome) == (Way.BY_HAND, Outcome.DONE)
    assert world.health()["verdict"] == "healthy"
    proof = verify_run(stored.folder, verify=verify_signature)
    assert (proof.state, proof.remarks, len(proof.keys)) == (ProofState.CLOSED, (), 1)
    made = [one.data["address"] for one in read_journal(stored.folder) if _is_creation(one)]
    assert made
    assert len(made) == len(set(made)), "something was made twice"
    assert world.fleetkit("plan", CLUSTER).must(0).out.strip().endswith("No changes.")


def _is_creation(event: Any) -> bool:
    return event.kind is EventKind.CHANGE and event.data.get("action") == "create"


def test_the_board_shows_a_member_that_was_stopped_and_that_it_is_back(
    world: World, lab: LabByHand, chromium: Any
) -> None:
    with open_page(chromium, viewport=TALL_WINDOW) as (page, _, errors):
        run_all(page, lab.notebook_url("notebooks/inspect/20-inspect-cluster.ipynb"))
        board = GuidePage(page)
        board.wait_for(CLUSTER, "3 of 3 members healthy, 2 needed, 1 more may fail", timeout_ms=LONG_MS)
        assert "etcd2 is not healthy" not in board.text(CLUSTER)
        victim = world.instances_of("master")[1]["PrivateIpAddress"]
        world.held.run_on(victim, ("systemctl", "stop", "etcd-member"))
        board.wait_for(CLUSTER, "2 of 3 members healthy, 2 needed, 0 more may fail", timeout_ms=LONG_MS)
        board.wait_for(CLUSTER, "etcd2 is not healthy")
        board.take_pictures(CLUSTER, "board")
        world.held.run_on(victim, ("systemctl", "start", "etcd-member"))
        board.wait_for(CLUSTER, "3 of 3 members healthy, 2 needed, 1 more may fail", timeout_ms=LONG_MS)
        board.card(CLUSTER).get_by_text("etcd2 is not healthy").first.wait_for(state="detached")
        assert not widget_errors(errors)


def test_the_alerts_are_judged_by_hand_and_the_record_keeps_what_was_scraped(
    world: World, lab: LabByHand, chromium: Any
) -> None:
    with open_page(chromium, viewport=TALL_WINDOW) as (page, _, _errors):
        run_all(page, lab.notebook_url("notebooks/diagnose/60-etcd-alerts.ipynb"))
        shown = page.locator(".jp-OutputArea-output", has_text="alerts of etcd fire").first
        shown.wait_for(timeout=LONG_MS)
        assert shown.locator("tr", has_text="etcdNoLeader").count() == 1
        page.locator(".jp-OutputArea-output", has_text="Record:").wait_for(timeout=LONG_MS)
        stored = wait_for_closed_run(record_of(world, "60-etcd-alerts"))
    assert (stored.record.way, stored.record.outcome) == (Way.BY_HAND, Outcome.DONE)
    facts = [one.data["about"] for one in read_journal(stored.folder) if one.kind is EventKind.FACT]
    assert facts == ["metrics", "metrics", "alerts"]


def test_a_destroy_by_hand_waits_for_its_final_backup_and_leaves_nothing_but_that(
    world: World, lab: LabByHand, chromium: Any
) -> None:
    with open_page(chromium, viewport=TALL_WINDOW) as (page, _, _errors):
        run_all(page, lab.notebook_url("notebooks/destroy/90-destroy-cluster.ipynb"))
        guide = GuidePage(page)
        guide.wait_for("Outcome", "waiting")
        guide.press("Plan", "Plan")
        guide.wait_for("Plan", "a final backup is made and proven first", timeout_ms=LONG_MS)
        guide.card("Approve").get_by_label("Cluster").fill(CLUSTER)
        guide.press("Approve", "Approve")
        guide.wait_for("Approve", "passed")
        assert guide.is_locked("Apply", "Destroy")
        guide.press("Final backup", "Back up")
        guide.wait_for("Final backup", "Backed up and proven", timeout_ms=LONG_MS)
        assert world.health()["verdict"] == "healthy"
        for title, button in (("Apply", "Destroy"), ("Sweep", "Sweep")):
            guide.press(title, button)
            guide.wait_for(title, "passed", timeout_ms=LONG_MS)
        guide.press("Verify", "Verify")
        guide.wait_for("Verify", f"nothing of {CLUSTER} is left", timeout_ms=LONG_MS)
        guide.press("Outcome", "Close the record")
        stored = wait_for_closed_run(record_of(world, "90-destroy-cluster"))
    assert (stored.record.way, stored.record.outcome) == (Way.BY_HAND, Outcome.DONE)
    told = [one.data["about"] for one in read_journal(stored.folder) if one.kind is EventKind.FACT]
    assert [about for about in told if about != "plan"] == ["backup", "drill", "final backup"]
    (kept,) = world.fleetkit("etcd", "backups", CLUSTER, "--json").must(0).json()["backups"]
    assert kept["state"] == "proven"
    assert world.instances("pending", "running", "stopping", "stopped") == []
