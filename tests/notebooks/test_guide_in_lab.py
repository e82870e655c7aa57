"""The guide by hand in JupyterLab: what is locked, what is told, and a kernel that stays free."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.guide_page import GuidePage, run_all
from support.lab_browser import open_page, widget_errors
from support.runs_notebooks import records_under, write_notebook

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.pki import verify_signature
from fleetkit.runs import Outcome, ProofState, Way, read_run, verify_run

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

TESTS = Path(__file__).parents[1]


@pytest.fixture
def notebook(jupyter_lab):
    """Return the address of a notebook that leads through a change which takes a while."""
    write_cluster(jupyter_lab.folder)
    shelf = jupyter_lab.folder / "notebooks" / "shelf"
    shelf.mkdir(parents=True, exist_ok=True)
    begin = (
        f"import sys\nsys.path.insert(0, {str(TESTS)!r})\n"
        "from pathlib import Path\nfrom support.ui_bench import begin_bench\n"
        f"guide = begin_bench(Path({str(jupyter_lab.folder / 'bench')!r}), sleep_s=4)\nguide"
    )
    steps = [f"guide.{name}()" for name in ("preflight", "plan", "approve", "apply", "verify", "outcome")]
    write_notebook(shelf / "40-change.ipynb", begin, *steps)
    return jupyter_lab.notebook_url("notebooks/shelf/40-change.ipynb")


def test_a_change_from_the_first_check_to_the_closed_record(chromium, jupyter_lab, notebook):
    with open_page(chromium, viewport={"width": 1300, "height": 1000}) as (page, _, errors):
        run_all(page, notebook)
        guide = GuidePage(page)
        guide.wait_for("Outcome", "waiting")
        assert guide.is_locked("Plan", "Plan")
        guide.press("Check first", "Check")
        guide.wait_for("Check first", "passed")
        assert "set pools.public.desired" in guide.text("Check first")
        guide.take_pictures("Check first", "preflight")

        guide.press("Plan", "Plan")
        guide.wait_for("Plan", "passed")
        guide.take_pictures("Plan", "plan")
        guide.card("Plan").get_by_label("Search").fill("member")
        guide.wait_for("Plan", "3 of 6 changes")
        assert guide.is_locked("Apply", "Apply")

        guide.card("Approve").get_by_label("Cluster").fill("demmo")
        guide.press("Approve", "Approve")
        guide.wait_for("Approve", "the approval names 'demmo'")
        assert guide.is_locked("Apply", "Apply")
        guide.take_pictures("Approve", "refused")
        guide.card("Approve").get_by_label("Cluster").fill("demo")
        guide.press("Approve", "Approve")
        guide.wait_for("Approve", "passed")

        guide.press("Apply", "Apply")
        guide.wait_for("Apply", "create module.workers")
        assert guide.run_another_cell("6 * 7") == "42"
        assert "running" in guide.text("Apply")
        guide.take_pictures("Apply", "apply")
        guide.press("Apply", "Cancel")
        guide.wait_for("Apply", "cancelled")
        assert guide.is_locked("Apply", "Apply")
        guide.take_pictures("Apply", "cancelled")

        guide.press("Plan", "Plan again")
        guide.wait_for("Plan", "passed")
        guide.press("Approve", "Approve")
        guide.wait_for("Approve", "passed")
        guide.press("Apply", "Apply")
        guide.wait_for("Apply", "passed")
        guide.take_pictures("Apply", "applied")
        guide.press("Verify", "Verify")
        guide.wait_for("Verify", "demo lives")
        guide.press("Outcome", "Close the record")
        guide.wait_for("Outcome", "Record:")
        guide.take_pictures("Outcome", "outcome")
        (folder,) = [one for one in records_under(jupyter_lab.folder) if one.name.endswith("40-change")]

        def look():
            words = ("passed", "demo lives", "Record:", "module.workers", "<svg")
            missing = [one for one in words if one not in (folder / "report.html").read_text()]
            stored = read_run(folder)
            return NotYet(f"no {missing}") if missing or stored.record.closing is None else stored

        stored = wait_until(look, what="the record", patience=Patience(deadline_s=30, interval_s=0.1))
        assert (stored.record.way, stored.record.outcome) == (Way.BY_HAND, Outcome.DONE)
        proof = verify_run(folder, verify=verify_signature)
        assert (proof.state, proof.remarks, len(proof.keys)) == (ProofState.CLOSED, (), 1)
        assert not widget_errors(errors)
