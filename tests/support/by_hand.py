"""A person's way through a notebook in JupyterLab, from the first cell to the record that closes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.e2e_world import CLUSTER, World, wait_for_closed_run
from support.guide_page import GuidePage, run_all
from support.lab_browser import open_page, widget_errors
from support.lab_by_hand import LabByHand

from fleetkit.runs import Outcome, Way

__all__ = ["LONG_MS", "WINDOW", "lead_by_hand", "page", "run_by_hand", "wait_for_end"]

LONG_MS = 300_000
# A card is seen as a whole: JupyterLab leaves grey what lies outside of its window.
WINDOW = {"width": 1250, "height": 2600}


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """Open a page, on which no widget may fail."""
    with open_page(chromium, viewport=WINDOW) as (opened, _, errors):
        yield opened
        assert not widget_errors(errors)


def lead_by_hand(
    world: World, page: Any, lab: LabByHand, notebook: str, *, button: str, parameters: str = ""
) -> GuidePage:
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
    _assert_ended_by_hand(world, name, before)
    return guide


def run_by_hand(
    world: World,
    page: Any,
    lab: LabByHand,
    notebook: str,
    *,
    parameters: str = "",
    of: str = CLUSTER,
    outcome: Outcome = Outcome.DONE,
) -> str:
    """Run a notebook without a guide to its end, and return what it shows; its record, under ``of``, ends so."""
    name, before = Path(notebook).stem, _records(world, Path(notebook).stem, of=of)
    run_all(page, lab.notebook_url(f"notebooks/{notebook}"), parameters=parameters)
    wait_for_end(page)
    _assert_ended_by_hand(world, name, before, of=of, outcome=outcome)
    return str(page.locator(".jp-Notebook").inner_text())


def wait_for_end(page: Any) -> None:
    """Wait until the last cell tells where the record lies."""
    # As a pattern: in a plain text capitals would not count, and other cells tell of records too.
    page.locator(".jp-OutputArea-output", has_text=re.compile("Record:")).wait_for(timeout=LONG_MS)


def _records(world: World, notebook: str, *, of: str = CLUSTER) -> set[Path]:
    return set((world.work / "runs" / of).glob(f"*-{notebook}"))


def _assert_ended_by_hand(
    world: World, name: str, before: set[Path], *, of: str = CLUSTER, outcome: Outcome = Outcome.DONE
) -> None:
    (folder,) = _records(world, name, of=of) - before
    record = wait_for_closed_run(folder).record
    assert (record.way, record.outcome) == (Way.BY_HAND, outcome)
