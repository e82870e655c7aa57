"""What has become of a unit is told truly: launched is not running, and what a dead machine said last is not so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.fleet_replay import recorded

from fleetkit.fleet import Machine, Unit, UnitState, UnitText, UnitVerdict, judge_units


def units(name: str) -> list[Unit]:
    return [Unit.from_json(one, path="units") for one in recorded(name)["json"]["units"]]


def states(name: str) -> list[UnitState]:
    return [UnitState.from_json(one, path="states") for one in recorded(name)["json"]["states"]]


def machines(name: str) -> list[Machine]:
    return [Machine.from_json(one, path="machines") for one in recorded(name)["json"]["machines"]]


UNITS, STATES = units("147-sched-units"), states("148-sched-state")
# The one machine whose role was changed and taken away again after the units had been placed.
MACHINES = [
    replace(one, metadata={**one.metadata, "role": one.metadata.get("role", "web")})
    for one in machines("169-md-after-remove")
]

VERDICTS = {
    "conf@1.service": "running",
    "conf@2.service": "running",
    "conf@3.service": "running",
    "conf@4.service": "unschedulable",
    "fail.service": "failed",
    "glob.service": "running",
    "globweb.service": "running",
    "md1.service": "running",
    "mdnone.service": "unschedulable",
    "mdor.service": "running",
    "mdquoted.service": "running",
    "mdtwo.service": "running",
    "mid.service": "running",
    "midnone.service": "unschedulable",
    "missing.service": "failed",
    "of.service": "running",
    "ofnone.service": "unschedulable",
    "oneshot.service": "ended",
    "s.socket": "ended",
    "s.timer": "loaded",
    "tmpl@.service": "inactive",
    "tmpl@1.service": "running",
}
REASONS = {
    "conf@4.service": "has conf@1.service, which it conflicts with (10.77.0.11)",
    "fail.service": "loaded, failed, failed on 10.77.0.13",
    "glob.service": "on 3 of 3 machines: loaded, active, running",
    "globweb.service": "on 2 of 2 machines",
    "mdnone.service": "has no role=none (10.77.0.13, 10.77.0.12, 10.77.0.11)",
    "midnone.service": "is not the machine ffffffffffffffffffffffffffffffff",
    "ofnone.service": "does not have nosuch.service, which it has to be with",
}


def judged(**options: object) -> dict[str, tuple[str, str]]:
    """Return verdict and reason of each unit that was recorded, with some things changed."""
    found = judge_units(
        options.get("units", UNITS),  # type: ignore[arg-type] # as the tests name them
        options.get("states", STATES),  # type: ignore[arg-type]
        options.get("machines", MACHINES),  # type: ignore[arg-type]
        files=options.get("files"),  # type: ignore[arg-type]
    )
    return {one.name: (str(one.verdict), one.reason) for one in found}


def test_each_recorded_unit_is_what_it_was_made_to_be() -> None:
    found = judged()
    assert {name: verdict for name, (verdict, _) in found.items()} == VERDICTS
    for name, reason in REASONS.items():
        assert reason in found[name][1], name


def test_units_of_a_machine_that_is_gone_are_stale_while_all_is_told_as_if_it_were_there() -> None:
    before, rows = units("200-dead-machine-units-1s"), states("201-dead-machine-state-1s")
    living = machines("203-dead-machine-machines-after")
    dead = {one.name for one in before if one.machine_id and one.machine_id not in {machine.id for machine in living}}
    told = {one.current_state for one in before if one.name in dead}
    assert told == {"launched"}, "fleet says of all of them that they are there"
    found = judged(units=before, states=rows, machines=living)
    assert {name for name, (verdict, _) in found.items() if verdict == "stale"} == dead
    assert all("is not there any more" in found[name][1] for name in dead)


def test_a_unit_that_only_a_machine_knows_is_an_orphan_and_of_a_dead_one_stale() -> None:
    left = [one for one in UNITS if one.name != "md1.service"]
    assert judged(units=left)["md1.service"] == ("orphaned", "fleet does not know it, and 10.77.0.11 does")
    gone = [one for one in MACHINES if one.primary_ip != "10.77.0.11"]
    assert judged(units=left, machines=gone)["md1.service"][0] == "stale"


def test_another_unit_on_the_machine_or_in_fleet_than_the_file_has_drifted() -> None:
    other = [replace(one, unit_hash="0" * 40) if one.name == "md1.service" else one for one in STATES]
    assert judged(states=other)["md1.service"] == ("drifted", "10.77.0.11 has another of that name")
    file = UnitText.parse("[Service]\nExecStart=/bin/other\n")
    assert judged(files={"md1.service": file})["md1.service"] == (
        "drifted",
        "fleet has another of that name than the file",
    )
    same = next(one.text for one in UNITS if one.name == "md1.service")
    assert judged(files={"md1.service": same})["md1.service"][0] == "running"
    assert judged(files={"fail.service": file})["fail.service"][0] == "failed", "the worse is told"


@pytest.mark.parametrize("active", ["activating", "maintenance"])
def test_what_is_on_its_way_is_waited_for(active: str) -> None:
    changed = [replace(one, active=active) if one.name == "md1.service" else one for one in STATES]
    assert judged(states=changed)["md1.service"][0] == "waiting"
    without = [one for one in STATES if one.name != "md1.service"]
    assert judged(states=without)["md1.service"] == ("waiting", "10.77.0.11 says nothing of it yet")


@pytest.mark.parametrize(
    ("active", "verdict"), [("active", "waiting"), ("deactivating", "waiting"), ("inactive", "loaded")]
)
def test_a_unit_that_was_stopped_is_loaded_once_systemd_has_stopped_it(active: str, verdict: str) -> None:
    stopped = [replace(one, desired_state="loaded", current_state="loaded") for one in UNITS]
    rows = [replace(one, active=active) if one.name == "md1.service" else one for one in STATES]
    assert judged(units=stopped, states=rows)["md1.service"][0] == verdict


def test_a_global_unit_that_was_unloaded_is_waited_for_until_no_machine_has_it() -> None:
    unloaded = [replace(one, desired_state="inactive") if one.name == "glob.service" else one for one in UNITS]
    assert judged(units=unloaded)["glob.service"] == ("waiting", "on 3 of 3 machines still")
    gone = [one for one in STATES if one.name != "glob.service"]
    assert judged(units=unloaded, states=gone)["glob.service"] == ("inactive", "")


def test_a_unit_that_could_run_somewhere_is_waited_for_and_one_without_machines_is_not() -> None:
    unplaced = [replace(one, machine_id="") if one.name == "md1.service" else one for one in UNITS]
    assert judged(units=unplaced)["md1.service"] == ("waiting", "fleet has not placed it yet")
    alone = [replace(one, machine_id="") for one in UNITS if one.name == "md1.service"]
    assert judged(units=alone, states=[], machines=[])["md1.service"] == ("unschedulable", "there is no machine")


def test_a_global_unit_is_as_well_as_on_its_worst_machine() -> None:
    rows = [
        replace(one, active="failed", sub="failed")
        if (one.name, one.machine_id[:4]) == ("glob.service", "4664")
        else one
        for one in STATES
    ]
    assert judged(states=rows)["glob.service"] == (
        "failed",
        "on 1 of 3 machines: loaded, failed, failed on 10.77.0.12",
    )


def test_a_unit_that_has_conflicts_bars_others_that_have_none() -> None:
    barring = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nConflicts=plain*\n")
    here = [
        replace(one, text=barring, name=f"bar{index}.service", machine_id=machine.id)
        for index, (one, machine) in enumerate(zip(UNITS, MACHINES, strict=False))
    ]
    plain = replace(UNITS[0], name="plain.service", machine_id="", text=UnitText.parse("[Service]\nExecStart=/a\n"))
    verdict, reason = judged(units=[*here, plain], states=[])["plain.service"]
    assert verdict == UnitVerdict.UNSCHEDULABLE
    assert "which conflicts with it" in reason


def test_a_poisoned_unit_is_told_as_such_with_what_living_machines_say_of_it() -> None:
    left = [one for one in UNITS if one.name != "md1.service"]
    (found,) = (one for one in judge_units(left, STATES, MACHINES, poisoned=["md1.service"]) if one.name[:3] == "md1")
    assert (found.verdict, found.desired_state) == (UnitVerdict.POISONED, "")
    assert found.reason.endswith("what was asked for is no state; 10.77.0.11 says loaded, active, running")
    gone = [one for one in MACHINES if one.primary_ip != "10.77.0.11"]
    (found,) = judge_units([], [], gone, poisoned=["md1.service"])
    assert (found.verdict, found.states) == (UnitVerdict.POISONED, ())
    assert "says" not in found.reason


@pytest.mark.parametrize("name", ["oneshot.service", "fail.service"])
def test_what_fleet_has_not_started_yet_waits_whatever_became_of_it_before(name: str) -> None:
    told = [replace(one, current_state="loaded") if one.name == name else one for one in UNITS]
    verdict, reason = judged(units=told)[name]
    assert verdict == UnitVerdict.WAITING
    assert reason.endswith(", and is not started yet")


def test_a_unit_that_was_poisoned_and_freed_waits_for_nothing() -> None:
    freed = Unit.from_json(recorded("9187-poison-repaired-get")["json"], path="unit")
    assert (freed.desired_state, bool(freed.machine_id)) == ("", True)
    assert [str(one.verdict) for one in judge_units([freed], [], MACHINES)] == ["inactive"]


def test_an_inactive_unit_whose_last_machine_is_gone_is_inactive() -> None:
    unloaded = replace(UNITS[0], desired_state="inactive", machine_id="0" * 32)
    assert [str(one.verdict) for one in judge_units([unloaded], [], MACHINES)] == ["inactive"]


def test_what_is_amiss_are_the_verdicts_down_to_drifted() -> None:
    amiss = [str(one) for one in UnitVerdict if one.is_amiss]
    assert amiss == ["failed", "unschedulable", "stale", "poisoned", "orphaned", "drifted"]


def test_instances_that_bar_each_other_by_their_own_name_are_seen_to() -> None:
    text = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nConflicts=%p@*.service\n")
    here = [
        replace(UNITS[0], text=text, name=f"w@{index}.service", machine_id=machine.id, desired_state="launched")
        for index, machine in enumerate(MACHINES)
    ]
    more = replace(here[0], name="w@9.service", machine_id="")
    verdict, reason = judged(units=[*here, more], states=[])["w@9.service"]
    assert verdict == UnitVerdict.UNSCHEDULABLE
    assert "has w@0.service, which it conflicts with" in reason


FOE = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nConflicts=foe.service\n")
FOE_ON_DB = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nConflicts=foe.service\nMachineMetadata=role=db\n")
EVERYWHERE = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nGlobal=true\n")
EVERYWHERE_BUT = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nGlobal=true\nConflicts=foe.service\n")
ON_WEB = UnitText.parse("[Service]\nExecStart=/bin/a\n[X-Fleet]\nGlobal=true\nMachineMetadata=role=web\n")


def made(name: str, text: UnitText, *, desired: str = "launched", machine_id: str = "") -> Unit:
    return Unit(name=name, text=text, desired_state=desired, current_state="inactive", machine_id=machine_id)


@pytest.mark.parametrize("desired", ["launched", "inactive"])
def test_a_global_unit_bars_others_wherever_its_metadata_is_found_wanted_or_not(desired: str) -> None:
    everywhere = made("foe.service", EVERYWHERE, desired=desired)
    found = judged(units=[made("a.service", FOE), everywhere], states=[])
    assert found["a.service"][0] == UnitVerdict.UNSCHEDULABLE
    assert found["a.service"][1].startswith("has foe.service, which it conflicts with")
    elsewhere = made("foe.service", ON_WEB, desired=desired)
    assert judged(units=[made("a.service", FOE_ON_DB), elsewhere], states=[])["a.service"][0] == UnitVerdict.WAITING


def test_a_global_unit_runs_all_over_where_it_runs_on_each_machine_that_has_nothing_against_it() -> None:
    taken, *others = MACHINES
    foe = made("foe.service", UnitText.parse("[Service]\nExecStart=/bin/a\n"), machine_id=taken.id)
    running = replace(next(one for one in STATES if one.name == "md1.service"), unit_hash=EVERYWHERE_BUT.unit_hash)
    rows = [replace(running, name="all.service", machine_id=one.id) for one in others]
    told = judged(units=[made("all.service", EVERYWHERE_BUT), foe], states=rows)["all.service"]
    assert told[0] == UnitVerdict.RUNNING
    assert told[1].startswith(f"on {len(others)} of {len(others)} machines: ")
    alone = judged(units=[made("all.service", EVERYWHERE_BUT), foe], states=[], machines=[taken])["all.service"]
    assert alone[0] == UnitVerdict.UNSCHEDULABLE
    assert alone[1] == f"has foe.service, which it conflicts with ({taken.primary_ip})"
