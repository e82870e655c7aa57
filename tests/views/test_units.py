"""Units and machines as rows: the worse first, whole where there is nothing, and each verdict with its next step."""

from __future__ import annotations

import pytest
from support.fleet_worlds import VERDICTS, every_verdict

from fleetkit.fleet import Machine, Unit, UnitState, UnitVerdict, judge_units, list_loads
from fleetkit.views import (
    FLEET_MACHINE_COLUMNS,
    UNIT_COLUMNS,
    count_verdicts,
    fleet_machine_rows,
    fleet_machines_frame,
    render_verdicts_table,
    tell_next_step,
    unit_rows,
    units_frame,
)

WORLD = every_verdict()
UNITS = [Unit.from_json(one, path="units") for one in WORLD["/fleet/v1/units"]["json"]["units"]]
STATES = [UnitState.from_json(one, path="states") for one in WORLD["/fleet/v1/state"]["json"]["states"]]
MACHINES = [Machine.from_json(one, path="machines") for one in WORLD["/fleet/v1/machines"]["json"]["machines"]]
STATUSES = judge_units(UNITS, STATES, MACHINES, poisoned=["poisoned.service"])
ROWS = {row[0]: row for row in unit_rows(STATUSES, units=UNITS, machines=MACHINES)}


def test_the_worse_stands_first_and_names_are_in_order_below() -> None:
    order = [str(one) for one in UnitVerdict]
    keys = [(order.index(row[1]), row[0]) for row in ROWS.values()]
    assert keys == sorted(keys)
    assert {name: verdict for name, verdict, *_ in ROWS.values() if verdict != "running"} == {
        name: verdict for verdict, names in VERDICTS.items() for name in names
    }


@pytest.mark.parametrize(
    ("name", "desired", "machine"),
    [
        ("md1.service", "launched", "10.77.0.11"),
        ("glob.service", "launched", "global"),
        ("conf@4.service", "launched", ""),
        ("mdor.service", "launched", "00000000"),
        ("left.service", "", "10.77.0.11"),
        ("poisoned.service", "", "10.77.0.11"),
        ("tmpl@.service", "inactive", ""),
    ],
    ids=["placed", "global", "nowhere", "gone", "orphaned", "poisoned", "inactive"],
)
def test_a_unit_is_told_with_its_machine_in_the_form_that_people_know(name: str, desired: str, machine: str) -> None:
    assert ROWS[name][2:4] == (desired, machine)


def test_verdicts_are_counted_the_worse_first() -> None:
    assert count_verdicts(STATUSES) == (
        "24 units: 2 failed, 4 unschedulable, 1 stale, 1 poisoned, 1 orphaned, 1 drifted, 1 waiting, 2 ended, "
        "1 loaded, 1 inactive, 9 running"
    )
    assert count_verdicts(STATUSES[:1]) == "1 unit: 1 running"
    assert count_verdicts([]) == "no units"


def test_frames_have_their_columns_even_when_there_is_nothing() -> None:
    frame = units_frame(STATUSES, units=UNITS, machines=MACHINES)
    assert (list(frame.columns), len(frame)) == (list(UNIT_COLUMNS), 24)
    assert list(units_frame([], units=[], machines=[]).columns) == list(UNIT_COLUMNS)
    assert list(fleet_machines_frame([]).columns) == list(FLEET_MACHINE_COLUMNS)


def test_a_machine_is_told_with_what_is_placed_there_and_what_of_it_runs() -> None:
    rows = fleet_machine_rows(list_loads(MACHINES, units=UNITS, states=STATES))
    assert [row[0] for row in rows] == sorted(one.id for one in MACHINES)
    first = next(row for row in rows if row[1] == "10.77.0.11")
    assert first[2] == "az=az1,disk=ssd,k3=v3,role=web"
    loads = {one.machine.primary_ip: one for one in list_loads(MACHINES, units=UNITS, states=STATES)}
    here = loads["10.77.0.11"]
    assert {"glob.service", "md1.service"} <= set(here.running)
    assert "globweb.service" in loads["10.77.0.13"].running
    assert "globweb.service" not in here.units, "this machine has another role"
    assert "left.service" not in here.units, "nobody placed it there"
    failing = next(one for one in loads.values() if "fail.service" in one.units)
    assert "fail.service" not in failing.running
    frame = fleet_machines_frame(loads.values())
    assert frame["units"].sum() == sum(len(one.units) for one in loads.values())
    assert frame["running"].sum() == sum(len(one.running) for one in loads.values())


def test_what_is_amiss_or_on_its_way_has_a_next_step_and_what_is_well_has_none() -> None:
    well = {UnitVerdict.LOADED, UnitVerdict.INACTIVE, UnitVerdict.RUNNING}
    assert {one for one in UnitVerdict if not tell_next_step(one, name="a.service")} == well
    assert "fleetkit units free a.service" in tell_next_step(UnitVerdict.POISONED, name="a.service")


def test_the_documentation_names_each_verdict_with_its_exit_code() -> None:
    lines = render_verdicts_table().splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == [str(one) for one in UnitVerdict]
    assert {line.split(" | ")[1] for line in lines[2:8]} == {"3"}
    assert {line.split(" | ")[1] for line in lines[8:]} == {"0"}
