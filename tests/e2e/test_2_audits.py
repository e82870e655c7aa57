"""Audits as notebooks: a fault is new in the next record, mended in the one after; programs read the other forms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from support.e2e_faults import opened_bastion
from support.e2e_world import CLUSTER, World

from fleetkit.core import data_folder
from fleetkit.runs import EventKind, read_journal, read_run

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

FINDING = "ssh-open-to-world"


def records(world: World) -> set[Path]:
    return {one for one in (world.work / "runs" / CLUSTER).glob("*-50-audit-cluster*") if one.is_dir()}


def run(world: World, *argv: str, code: int) -> tuple[Path, str, dict[str, Any]]:
    """Run the notebook; return its record, what its report says, and what its journal tells of the audit."""
    before = records(world)
    world.run(*argv).must(code)
    (record,) = records(world) - before
    (fact,) = [
        dict(one.data) for one in read_journal(record) if one.kind is EventKind.FACT and one.data["about"] == "audit"
    ]
    return record, (record / "report.html").read_text(), fact


def by_command(world: World, *words: str, code: int) -> tuple[Path, str, dict[str, Any]]:
    return run(world, "fleetkit", "run", "50", "--cluster", CLUSTER, *words, code=code)


def test_a_fault_is_new_in_the_next_record_and_mended_in_the_one_after(world: World) -> None:
    first, report, fact = by_command(world, code=0)
    assert fact["counts"]["failed"] == fact["counts"]["unknown"] == 0
    assert "Nothing is amiss." in report
    assert [one["check"] for one in fact["results"] if not one["evidence"]] == []
    let_in = {one["resource"]: one["evidence"]["rules"] for one in fact["results"] if one["check"] == FINDING}
    assert any("tcp 22 from 198.51.100.7/32" in rule for rule in let_in["bastion"])
    assert "198.51.100.7/32" in report
    assert read_run(first).record.summary == fact["summary"]

    with opened_bastion(world):
        _, report, fact = by_command(world, "-p", "fail_on", "high", code=3)
        assert {one["check"] for one in fact["results"] if one["state"] == "failed"} >= {FINDING}
        assert "How to mend it" in report
        assert re.search(r"✗ new.*?" + FINDING, report, re.DOTALL)
        by_table = world.fleetkit("audit", CLUSTER).must(3).out
        assert "1 as before" in by_table
        assert_forms(world)

    notebook = data_folder("notebooks") / "audit" / "50-audit-cluster.ipynb"
    third, report, fact = run(world, "papermill", str(notebook), "out.ipynb", "-p", "cluster", CLUSTER, code=0)
    assert re.search(r"✓ mended.*?" + FINDING, report, re.DOTALL)
    assert "Findings of each audit, by severity" in report
    assert fact["outcome"] == "done"
    key = world.fleetkit("key", "show").must(0).out.strip()
    world.fleetkit("runs", "verify", str(third), "--key", key).must(0)


def assert_forms(world: World) -> None:
    """Check that each form tells the finding, from standard output alone."""
    sarif = json.loads(world.fleetkit("audit", CLUSTER, "--format", "sarif").must(3).out)
    amiss = {one["ruleId"] for one in sarif["runs"][0]["results"] if one["kind"] == "fail" and not one["suppressions"]}
    assert FINDING in amiss
    ocsf = json.loads(world.fleetkit("audit", CLUSTER, "--format", "ocsf").must(3).out)
    assert FINDING in {one["metadata"]["event_code"] for one in ocsf if one.get("status") == "New"}
    world.fleetkit("audit", CLUSTER, "--format", "junit", "--output", "audit.xml").must(3)
    assert JUnitXml.fromfile(str(world.work / "audit.xml")).failures == len(amiss)
    page = world.fleetkit("audit", CLUSTER, "--format", "html").must(3).out
    assert "<script" not in page
    assert FINDING in page


def test_a_check_that_is_not_there_ends_the_run_as_wrong_use(world: World) -> None:
    before = records(world)
    world.fleetkit("run", "50", "--cluster", CLUSTER, "-p", "checks", "colour").must(2)
    (record,) = records(world) - before
    assert "there is no check" in (record / "report.html").read_text()
