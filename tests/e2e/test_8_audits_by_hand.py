"""The notebooks that audit and sweep, by hand in JupyterLab: faults are found and mended, stops are gone on from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.by_hand import LONG_MS, page, run_by_hand, wait_for_end
from support.e2e_faults import opened_bastion
from support.e2e_world import CLUSTER, World, wait_for, wait_for_closed_run
from support.guide_page import choose, run_all
from support.lab_browser import chromium
from support.lab_by_hand import LabByHand, lab_by_hand

from fleetkit.core import Patience
from fleetkit.runs import MANY_CLUSTERS, Outcome

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

AUDIT, SWEEP = "audit/50-audit-cluster.ipynb", "audit/51-sweep-clusters.ipynb"
LONG = Patience(deadline_s=300, interval_s=0.2)
NARROW = {"width": 700, "height": 2600}
STOP = '[data-command="notebook:interrupt-kernel"]'
TOO_WIDE = """() => [...document.querySelectorAll('.jp-OutputArea-output')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)"""


@pytest.fixture(scope="module")
def lab(world: World) -> Iterator[LabByHand]:
    with lab_by_hand(world, CLUSTER) as served:
        yield served


def audited(checks: str) -> str:
    return f'cluster = "{CLUSTER}"\nfail_on = "low"\nchecks = "{checks}"'


def swept(notebook: str, *, failed_of: str = "") -> str:
    return f'clusters = "clusters/*.toml"\nnotebook = "{notebook}"\nat_once = 1\nrate = 0.0\nfailed_of = "{failed_of}"'


def audits(world: World) -> set[Path]:
    return set((world.work / "runs" / CLUSTER).glob("*-50-audit-cluster"))


def assert_seen_whole(page: Any) -> None:
    """Check that nothing shown is wider than a narrow window."""
    page.set_viewport_size(NARROW)
    page.wait_for_function("(most) => document.body.clientWidth <= most", arg=NARROW["width"])
    assert page.evaluate(TOO_WIDE) == []


@contextmanager
def other_cluster(world: World) -> Iterator[Any]:
    """Have a second cluster file for a while, which is broken until somebody mends it."""
    file = world.file.with_name("other.toml")
    file.write_text('name = "other"\n')
    try:
        yield lambda: file.write_text(world.file.read_text().replace(f'"{CLUSTER}"', '"other"', 1))
    finally:
        file.unlink()


def test_a_fault_is_told_with_its_mending_and_is_mended_in_the_next_audit(
    world: World, lab: LabByHand, page: Any
) -> None:
    checks = audited("ssh-open-to-world, security-group-unused")
    run_by_hand(world, page, lab, AUDIT, parameters=checks)
    with opened_bastion(world):
        shown = run_by_hand(world, page, lab, AUDIT, parameters=checks, outcome=Outcome.FINDINGS)
        assert "How to mend it." in shown
        assert re.search(r"✗ new\s.*ssh-open-to-world", shown)
        page.get_by_role("img", name="1 failed or unknown, by area and severity").wait_for()
        page.get_by_role("heading", name="Not met: SSH is not open to the world").wait_for()
        found = page.get_by_role("table", name="what ssh-open-to-world found")
        assert "✗ failed" in found.inner_text()
        found.locator("summary").focus()
        page.keyboard.press("Enter")
        found.get_by_text("ingress tcp 22 from 0.0.0.0/0").last.wait_for()
        assert_seen_whole(page)
    shown = run_by_hand(world, page, lab, AUDIT, parameters=checks)
    assert re.search(r"✓ mended\s.*ssh-open-to-world", shown)
    assert "Nothing is amiss." in shown


def test_what_is_no_check_is_refused_with_those_that_are(lab: LabByHand, page: Any) -> None:
    run_all(page, lab.notebook_url(f"notebooks/{AUDIT}"), parameters=audited("ssh-open"))
    page.locator(".jp-OutputArea-output", has_text="there is no check 'ssh-open'").wait_for(timeout=LONG_MS)
    assert "ssh-open-to-world" in page.locator(".jp-Notebook").inner_text()


def test_an_audit_that_is_stopped_goes_on_in_the_same_record(world: World, lab: LabByHand, page: Any) -> None:
    before = audits(world)
    run_all(page, lab.notebook_url(f"notebooks/{AUDIT}"), parameters=audited(""))
    page.locator(".jp-OutputArea-output", has_text="reading facts").wait_for(timeout=LONG_MS)
    page.locator(STOP).click()
    page.locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").first.wait_for(timeout=LONG_MS)
    assert page.locator(".jp-OutputArea-output", has_text="Record:").count() == 0
    # Until the record is written the kernel drops what is asked of it, as Jupyter has it after an error.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=LONG_MS)
    page.locator(".jp-Cell", has_text="workflows.audit_cluster(").last.click()
    choose(page, "Run", "Run Selected Cell and All Below")
    wait_for_end(page)
    (record,) = audits(world) - before
    assert wait_for_closed_run(record).record.error is None


def test_a_sweep_tells_why_a_cluster_has_no_answer_and_goes_on_once_that_is_mended(
    world: World, lab: LabByHand, page: Any
) -> None:
    with other_cluster(world) as mend:
        shown = run_by_hand(
            world, page, lab, SWEEP, parameters=swept("61-what-if"), of=MANY_CLUSTERS, outcome=Outcome.FAILED
        )
        assert shown.count("then fleetkit preflight other") == 3
        page.get_by_role("img", name=re.compile("over 2 clusters: 1 unusable, ")).wait_for()
        assert_seen_whole(page)
        mend()
        again = swept("61-what-if", failed_of="latest")
        run_all(page, lab.notebook_url(f"notebooks/{SWEEP}"), parameters=again)
        wait_for_end(page)
        shown = page.locator(".jp-Notebook").inner_text()
        assert "61-what-if: 1 cluster to run, 1 taken over" in shown
        assert re.search(r"Clusters without an answer.*None\..*Every cluster", shown, re.DOTALL)


def test_a_sweep_that_is_stopped_says_which_clusters_were_not_done(world: World, lab: LabByHand, page: Any) -> None:
    with other_cluster(world) as mend:
        mend()
        before = audits(world)
        run_all(page, lab.notebook_url(f"notebooks/{SWEEP}"), parameters=swept("50-audit-cluster"))
        wait_for("the first run", lambda: audits(world) != before, patience=LONG)
        page.locator(STOP).click()
        wait_for_end(page)
        shown = page.locator(".jp-Notebook").inner_text()
        assert "2 clusters: 1 stopped, 1 not run" in shown
        assert 'failed_of = "latest"' in shown
