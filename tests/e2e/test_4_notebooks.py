"""The same work as notebooks: each run leaves a record, by whatever way it was run and however it ended."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.e2e_world import CLUSTER, World

from fleetkit.core import data_folder
from fleetkit.runs import EventKind, read_journal

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def _records(world: World) -> set[Path]:
    return {one for one in (world.work / "runs" / CLUSTER).glob("*") if one.is_dir()}


def _check(world: World, record: Path) -> dict[str, Any]:
    """Check that the record in a folder is whole and asks for nothing, and return what it says of the run."""
    assert {"notebook.ipynb", "report.html", "run.json"} <= {one.name for one in record.iterdir()}
    report = (record / "report.html").read_text()
    assert "<script" not in report.lower()
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)[^"']*""", report) == []
    secret = world.sandbox_variables["AWS_SECRET_ACCESS_KEY"]
    for file in record.rglob("*"):
        if file.is_file():
            assert secret not in file.read_text(errors="replace"), file
            assert "PRIVATE KEY-----" not in file.read_text(errors="replace"), file
    key = world.fleetkit("key", "show").must(0).out.strip()
    proof = world.fleetkit("runs", "verify", str(record), "--key", key, "--json").must(0).json()
    assert (proof["state"], proof["flaws"], proof["remarks"]) == ("closed", [], [])
    found: dict[str, Any] = json.loads((record / "run.json").read_text())
    _check_words(json.loads((record / "notebook.ipynb").read_text()))
    return found


def _events(record: Path) -> list[tuple[EventKind, Any]]:
    """Return what a record's journal tells, without what every run tells."""
    common = {EventKind.RUN_STARTED, EventKind.STEP_STARTED, EventKind.STEP_ENDED, EventKind.SIGNATURE}
    return [(one.kind, one.data) for one in read_journal(record) if one.kind not in common]


def _check_words(notebook: dict[str, Any]) -> None:
    """Check that every cell's result is shown in words or as a table, never as the text of a Python object."""
    results = [one["data"] for cell in notebook["cells"] for one in cell.get("outputs", []) if "data" in one]
    assert results
    for data in results:
        plain = "".join(data.get("text/plain", ""))
        assert not re.match(r"<?\w+\(\w+=", plain), plain[:200]
        assert "text/html" in data, plain[:200]


@pytest.fixture(scope="module")
def inspected(world: World) -> dict[str, Any]:
    """Run the inspection by the command, and return its record's folder and what it says."""
    before = _records(world)
    ended = world.fleetkit("run", "inspect-cluster", "--cluster", CLUSTER)
    (record,) = _records(world) - before
    return {"ended": ended, "folder": record, "run": _check(world, record)}


def test_an_inspection_leaves_a_record_with_its_tables(inspected: dict[str, Any]) -> None:
    ended, run = inspected["ended"], inspected["run"]
    assert run["exit"] == ended.code
    assert str(inspected["folder"].name) in ended.out
    assert run["parameters"]["cluster"] == CLUSTER
    report = (inspected["folder"] / "report.html").read_text()
    for text in ("etcd1", "10.10.4.100", "demo-internal", "clients/operator", "<svg"):
        assert text in report, text
    facts = {data["about"]: data for kind, data in _events(inspected["folder"]) if kind is EventKind.FACT}
    parts = ("machines", "members", "quorum", "pools", "targets", "certificates", "drift", "pending")
    assert set(facts) == {*parts, "findings", "unknown"}
    assert {one["name"] for one in facts["members"]["members"] if one["healthy"]} == {"etcd1", "etcd2", "etcd3"}
    assert (facts["quorum"]["state"], facts["quorum"]["tolerates"]) == ("healthy", 1)
    assert facts["unknown"]["unknown"] == []


@pytest.mark.slow
def test_plain_papermill_leaves_the_same_kind_of_record(world: World, inspected: dict[str, Any]) -> None:
    before = _records(world)
    notebook = data_folder("notebooks") / "inspect" / "20-inspect-cluster.ipynb"
    ended = world.run("papermill", str(notebook), "out.ipynb", "-p", "cluster", CLUSTER)
    (record,) = _records(world) - before
    run = _check(world, record)
    assert set(run) == set(inspected["run"])
    assert run["outcome"] == inspected["run"]["outcome"], ended.text
    ours, theirs = ({one.name for one in folder.iterdir()} for folder in (inspected["folder"], record))
    assert ours == theirs


def test_a_run_records_what_it_scraped_and_those_that_follow_draw_on_it(world: World) -> None:
    before = _records(world)
    world.fleetkit("run", "etcd-alerts", "--cluster", CLUSTER, "-p", "every_s", "1").must(0)
    (first,) = _records(world) - before
    run = _check(world, first)
    assert (run["outcome"], run["exit"], run["parameters"]["scrapes"]) == ("done", 0, 2)
    told = [data for kind, data in _events(first) if kind is EventKind.FACT]
    assert [one["about"] for one in told] == ["metrics", "metrics", "alerts"]
    assert set(told[0]["scrape"]["members"]) == {"etcd1", "etcd2", "etcd3"}
    assert "no earlier run recorded" in (first / "report.html").read_text()

    notebook = data_folder("notebooks") / "diagnose" / "60-etcd-alerts.ipynb"
    world.run("papermill", str(notebook), "out.ipynb", "-p", "cluster", CLUSTER, "-p", "every_s", "1").must(0)
    (second,) = _records(world) - before - {first}
    assert "demo: 2 earlier scrapes" in (second / "report.html").read_text()
    assert _check(world, second)["outcome"] == "done"

    by_command = world.fleetkit("etcd", "alerts", CLUSTER, "--every", "1s", "--json").must(0).json()
    assert (by_command["scrapes"], by_command["earlier"], by_command["unread"]) == (2, 4, [])
    assert {one["state"] for one in by_command["alerts"]} <= {"quiet", "not enough history", "not measured"}


def test_tuning_compares_the_cluster_file_with_what_its_members_measured(world: World) -> None:
    """Disks and round trips are whatever this computer makes of them, so it may well be advised to change."""
    ended = world.fleetkit("etcd", "tune", CLUSTER, "--json")
    assert ended.code in (0, 3), ended.text
    advice = {one["setting"]: one for one in ended.json()["advice"] if not one["who"]}
    assert (advice["heartbeat-interval"]["current"], advice["election-timeout"]["current"]) == (100, 1000)
    longest_ms = 1000 * max(one["average_s"] for one in ended.json()["round_trips"])
    assert advice["heartbeat-interval"]["fit"] == ("fits" if longest_ms <= 200 else "change")
    assert advice["election-timeout"]["fit"] == ("fits" if longest_ms <= 100 else "change")
    trips = {(one["member"], one["peer"]) for one in ended.json()["round_trips"]}
    assert len(trips) == 6
    assert all(member != peer for member, peer in trips)


def test_a_deploy_that_nobody_approved_exits_4_and_keeps_its_record(world: World) -> None:
    text, before = world.file.read_text(), _records(world)
    world.edit(r"^desired = 2$", "desired = 3")
    try:
        ended = world.fleetkit("run", "deploy-cluster", "--cluster", CLUSTER).must(4)
    finally:
        world.file.write_text(text)
    (record,) = _records(world) - before
    run = _check(world, record)
    assert run["exit"] == 4
    assert "not approved" in json.dumps(run["error"])
    assert record.name in ended.text
    assert _desired(world) == 2


def _desired(world: World) -> int:
    groups = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {one["AutoScalingGroupName"]: one["DesiredCapacity"] for one in groups}[f"{CLUSTER}-internal"]


@pytest.mark.slow
def test_an_approved_deploy_changes_the_cluster_by_plain_papermill_and_by_the_command(world: World) -> None:
    notebook = data_folder("notebooks") / "deploy" / "10-deploy-cluster.ipynb"
    by_papermill = ("papermill", str(notebook), "out.ipynb", "-p", "cluster", CLUSTER, "-p", "approve", CLUSTER)
    by_command = ("fleetkit", "run", "deploy-cluster", "--cluster", CLUSTER, "--approve", CLUSTER)
    for before, after, argv in ((2, 1, by_papermill), (1, 2, by_command)):
        records = _records(world)
        world.edit(rf"^desired = {before}$", f"desired = {after}")
        world.run(*argv).must(0)
        assert _desired(world) == after
        (record,) = _records(world) - records
        run = _check(world, record)
        assert (run["outcome"], run["exit"], run["error"]) == ("done", 0, None)
        assert "0 added, 1 changed, 0 removed" in (record / "report.html").read_text()
        events = _events(record)
        plan = next(data for kind, data in events if kind is EventKind.PLAN)
        assert (plan["operation"], plan["counts"]) == ("deploy", {"update": 1})
        approval = next(data for kind, data in events if kind is EventKind.APPROVAL)
        assert (approval["plan_sha256"], approval["way"]) == (plan["sha256"], "name")
        changed = [data["address"] for kind, data in events if kind is EventKind.CHANGE and "address" in data]
        assert changed == ['module.workers["internal"].aws_autoscaling_group.this']
        assert [data["ok"] for kind, data in events if kind is EventKind.VERIFIED] == [True]
