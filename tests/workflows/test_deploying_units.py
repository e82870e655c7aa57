"""Unit files become what runs, on emulators of fleet that really run units; and what goes wrong on the way is told."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import PATIENCE, THREE_MACHINES, FleetCluster

from fleetkit.core import (
    ApprovalMissingError,
    FleetError,
    NotFoundError,
    NotYet,
    Patience,
    PreconditionError,
    StalePlanError,
    wait_until,
)
from fleetkit.fleet import DesiredState, FleetEndpoint, parse_fleet_endpoint, read_unit_files
from fleetkit.workflows import (
    AppliedUnits,
    UnitAction,
    UnitGate,
    UnitsPlan,
    apply_units,
    approve,
    plan_unit_deploy,
    plan_units,
    read_units,
    verify_units,
)

pytestmark = pytest.mark.sandbox

GATE = UnitGate(patience=Patience(deadline_s=40, interval_s=0.3), steady_s=2.0)
SLEEP = "[Service]\nExecStart=/bin/sleep 100000\n"
QUICK = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as cluster:
        yield cluster


@pytest.fixture
def fleet(etcd: EtcdCluster, tmp_path: Path) -> Iterator[FleetCluster]:
    with FleetCluster(etcd, tmp_path / "f", FLEET_ETCD_KEY_PREFIX=f"/fleet/{tmp_path.name}", **QUICK) as cluster:
        yield cluster.start(dict(list(THREE_MACHINES.items())[:2]))


@pytest.fixture
def endpoint(fleet: FleetCluster) -> FleetEndpoint:
    return parse_fleet_endpoint(f"http://127.0.0.1:{fleet.any.port}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "units"
    made.mkdir()
    return made


def write(folder: Path, **units: str) -> Path:
    for name, text in units.items():
        (folder / f"{name}.service").write_text(text)
    return folder


def carry(endpoint: FleetEndpoint, plan: UnitsPlan, *, roll_back: bool = False) -> AppliedUnits:
    return apply_units(endpoint, approve(plan, plan.cluster), gate=GATE, roll_back=roll_back)


def deploy(endpoint: FleetEndpoint, folder: Path, *instances: str, roll_back: bool = False) -> AppliedUnits:
    plan = plan_unit_deploy(endpoint, read_unit_files([folder]), instances=instances)
    return carry(endpoint, plan, roll_back=roll_back)


def verdicts(endpoint: FleetEndpoint) -> dict[str, str]:
    return {one.name: str(one.verdict) for one in read_units(endpoint).statuses}


def test_a_folder_is_deployed_in_its_order_and_once_more_nothing_is_done(endpoint: FleetEndpoint, folder: Path) -> None:
    write(folder, db=SLEEP, web=f"[Unit]\nAfter=db.service\n{SLEEP}")
    (folder / "w@.service").write_text(SLEEP)
    files = read_unit_files([folder])
    plan = plan_unit_deploy(endpoint, files, instances=["w@{1..3}.service"])
    assert [[one.name for one in wave] for wave in plan.waves] == [
        ["db.service", "w@.service", "w@1.service", "w@2.service", "w@3.service"],
        ["web.service"],
    ]
    assert plan.cluster == f"127.0.0.1:{endpoint.port}"
    with pytest.raises(ApprovalMissingError):
        approve(plan, "another")
    notes: list[str] = []
    applied = apply_units(endpoint, approve(plan, plan.cluster), gate=GATE)
    assert (len(applied.done), applied.failed, applied.unsent) == (6, {}, ()), notes
    assert verdicts(endpoint) == {
        **dict.fromkeys(["db.service", "web.service", "w@1.service", "w@2.service", "w@3.service"], "running"),
        "w@.service": "inactive",
    }
    assert verify_units(endpoint, plan).outcome == "done"
    again = plan_unit_deploy(endpoint, files)
    assert (again.is_empty, again.unchanged) == (True, 6)


def test_a_template_that_changed_replaces_its_instances_and_leaves_others_alone(
    fleet: FleetCluster, endpoint: FleetEndpoint, folder: Path
) -> None:
    (folder / "w@.service").write_text(SLEEP)
    deploy(endpoint, folder, "w@1.service")
    assert fleet.any.put("other.service", [("Service", "ExecStart", "/bin/sleep 9999")]) == 201
    (folder / "w@.service").write_text(SLEEP.replace("100000", "200000"))
    plan = plan_unit_deploy(endpoint, read_unit_files([folder]))
    assert [(one.name, one.action) for one in plan.changes] == [
        ("w@.service", UnitAction.REPLACE),
        ("w@1.service", UnitAction.REPLACE),
    ]
    assert plan.left_alone == ("other.service",)
    assert carry(endpoint, plan).failed == {}
    reading = read_units(endpoint, files=read_unit_files([folder]).units)
    status = reading.find_status("w@1.service")
    assert status is not None
    assert status.verdict == "running"


def test_what_fails_halts_the_rest_and_stays_to_be_looked_at(endpoint: FleetEndpoint, folder: Path) -> None:
    write(folder, good=SLEEP, bad="[Service]\nExecStart=/bin/false\n", late=f"[Unit]\nAfter=bad.service\n{SLEEP}")
    applied = deploy(endpoint, folder)
    assert applied.done == ("good.service",)
    assert list(applied.failed) == ["bad.service"]
    assert "failed" in applied.failed["bad.service"]
    assert applied.unsent == ("late.service",)
    assert verdicts(endpoint) == {"good.service": "running", "bad.service": "failed"}
    rest = plan_unit_deploy(endpoint, read_unit_files([folder]))
    assert [one.name for one in rest.changes] == ["late.service"]
    assert [(one.name, one.before) for one in rest.lagging] == [("bad.service", ("late.service",))]
    again = carry(endpoint, rest)
    assert (again.done, list(again.late), again.unsent) == ((), ["bad.service"], ("late.service",))


def test_what_fails_is_put_back_on_request(endpoint: FleetEndpoint, folder: Path) -> None:
    write(folder, web=SLEEP)
    deploy(endpoint, folder)
    before = read_units(endpoint).find_unit("web.service")
    write(folder, web="[Service]\nExecStart=/bin/false\n", fresh=SLEEP)
    plan = plan_unit_deploy(endpoint, read_unit_files([folder]))
    applied = carry(endpoint, plan, roll_back=True)
    assert (applied.put_back, applied.not_put_back) == (True, {})
    reading = read_units(endpoint)
    after = reading.find_unit("web.service")
    assert before is not None
    assert after is not None
    assert (after.text.unit_hash, after.desired_state) == (before.text.unit_hash, before.desired_state)
    assert verdicts(endpoint) == {"web.service": "running"}
    verified = verify_units(endpoint, plan)
    assert [one.partition(" ")[0] for one in verified.findings] == ["fresh.service", "web.service"]


def test_units_that_are_named_are_stopped_unloaded_started_and_destroyed(endpoint: FleetEndpoint, folder: Path) -> None:
    deploy(endpoint, write(folder, web=SLEEP))
    for action, verdict in (
        (UnitAction.STOP, "loaded"),
        (UnitAction.UNLOAD, "inactive"),
        (UnitAction.START, "running"),
    ):
        plan = plan_units(endpoint, ["web.service"], action)
        assert carry(endpoint, plan).failed == {}
        assert verdicts(endpoint) == {"web.service": verdict}
        assert plan_units(endpoint, ["web.service"], action).is_empty
    plan = plan_units(endpoint, ["web.service"], UnitAction.DESTROY)
    assert carry(endpoint, plan).failed == {}
    assert verdicts(endpoint) == {}
    with pytest.raises(NotFoundError):
        plan_units(endpoint, ["web.service"], UnitAction.STOP)


@pytest.mark.parametrize("is_global", [False, True], ids=["one", "global"])
def test_to_start_what_has_failed_is_to_start_it_anew(
    endpoint: FleetEndpoint, folder: Path, *, is_global: bool
) -> None:
    mark = folder.parent / "mark"
    script = f"[Service]\nExecStart=/bin/sh -c 'test -e {mark} && exec sleep 100000'\n"
    deploy(endpoint, write(folder, web=script + ("[X-Fleet]\nGlobal=true\n" if is_global else "")))
    assert verdicts(endpoint) == {"web.service": "failed"}
    mark.touch()
    plan = plan_units(endpoint, ["web.service"], UnitAction.START)
    assert [one.action for one in plan.changes] == [UnitAction.RESTART]
    assert carry(endpoint, plan).failed == {}
    assert verdicts(endpoint) == {"web.service": "running"}


def test_a_plan_is_for_what_it_was_made_for(fleet: FleetCluster, endpoint: FleetEndpoint, folder: Path) -> None:
    plan = plan_unit_deploy(endpoint, read_unit_files([write(folder, web=SLEEP, more=SLEEP)]))
    assert fleet.any.put("web.service", [("Service", "ExecStart", "/bin/sleep 5000")]) == 201
    with pytest.raises(StalePlanError) as stale:
        carry(endpoint, plan)
    assert "web.service" in str(stale.value)
    assert read_units(endpoint).find_unit("more.service") is None


def test_what_fleet_would_refuse_or_stumble_over_is_refused_before(
    fleet: FleetCluster, endpoint: FleetEndpoint, folder: Path
) -> None:
    write(folder, web="[Service]\nExecStart=/bin/sleep 1\nno equal sign\n")
    with pytest.raises(PreconditionError) as refused:
        plan_unit_deploy(endpoint, read_unit_files([folder])).check()
    assert "web.service:3" in str(refused.value)
    write(folder, web=SLEEP)
    assert fleet.any.put("web.service", [("Service", "ExecStart", "/bin/sleep 5000")]) == 201
    fleet.any.put("web.service", wanted="bogus")
    with pytest.raises(PreconditionError) as refused:
        plan_unit_deploy(endpoint, read_unit_files([folder])).check()
    assert "500" in str(refused.value)


def test_what_nobody_would_take_is_told_before_and_waited_for_in_vain(endpoint: FleetEndpoint, folder: Path) -> None:
    write(folder, web=f"{SLEEP}[X-Fleet]\nMachineMetadata=role=none\n")
    plan = plan_unit_deploy(endpoint, read_unit_files([folder]))
    assert any("no machine would take it: has no role=none" in one for one in plan.cautions)
    gate = UnitGate(patience=Patience(deadline_s=5, interval_s=0.3), steady_s=1.0)
    applied = apply_units(endpoint, approve(plan, plan.cluster), gate=gate)
    assert "unschedulable" in applied.failed["web.service"]
    verified = verify_units(endpoint, plan)
    assert verified.outcome == "findings"


def test_a_fleet_that_loses_its_etcd_meanwhile_is_told(
    etcd: EtcdCluster, endpoint: FleetEndpoint, folder: Path
) -> None:
    plan = plan_unit_deploy(endpoint, read_unit_files([write(folder, web=SLEEP)]), desired=DesiredState.LOADED)
    name = next(iter(etcd.members))
    etcd.kill(name)
    try:
        with pytest.raises(FleetError):
            carry(endpoint, plan)
    finally:
        etcd.start(name)
        etcd.wait_healthy()

    def look() -> bool | NotYet[bool]:
        try:
            return read_units(endpoint).units == () or NotYet("it was sent")
        except FleetError as error:
            return NotYet(str(error))

    wait_until(look, what="fleet to answer again, with nothing changed", patience=PATIENCE)


def test_a_machine_that_dies_meanwhile_gives_its_units_to_another(
    fleet: FleetCluster, endpoint: FleetEndpoint, folder: Path
) -> None:
    write(folder, web=SLEEP)
    deploy(endpoint, folder)
    unit = read_units(endpoint).find_unit("web.service")
    assert unit is not None
    mine = next(one for one in fleet.machines.values() if one.port == endpoint.port)
    victim = next(one for one in fleet.machines.values() if one.id == unit.machine_id)
    if victim is mine:
        other = next(one for one in fleet.machines.values() if one is not mine)
        endpoint = parse_fleet_endpoint(f"http://127.0.0.1:{other.port}")
    write(folder, more=SLEEP)
    plan = plan_unit_deploy(endpoint, read_unit_files([folder]))
    victim.end(signal.SIGKILL)
    assert carry(endpoint, plan).failed == {}

    def look() -> bool | NotYet[bool]:
        found = verdicts(endpoint)
        return set(found.values()) == {"running"} or NotYet(str(found))

    wait_until(look, what="all to run elsewhere", patience=PATIENCE)
