"""A machine is emptied only where each of its units has another one to go to, or where that is said to be no matter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetkit.core import PreconditionError
from fleetkit.fleet import Machine, Unit, UnitText
from fleetkit.workflows._drain_plan import DrainPlan, find_stranded, list_moving
from fleetkit.workflows._rotation_machines import FleetMachine
from fleetkit.workflows._unit_reading import UnitReading

A, B = "a" * 32, "b" * 32
MACHINES = (
    Machine(id=A, primary_ip="10.10.3.57", metadata={"role": "db"}),
    Machine(id=B, primary_ip="10.10.4.57", metadata={"role": "web"}),
)


def unit(name: str, machine: str, *asks: str, desired: str = "launched") -> Unit:
    text = "[Service]\nExecStart=/bin/true\n" + ("[X-Fleet]\n" + "\n".join(asks) + "\n" if asks else "")
    return Unit(name=name, text=UnitText.parse(text), desired_state=desired, current_state=desired, machine_id=machine)


def read(*units: Unit, machines: tuple[Machine, ...] = MACHINES) -> UnitReading:
    return UnitReading(at="", asked="", machines=machines, units=units, states=(), statuses=())


def plan_for(reading: UnitReading) -> DrainPlan:
    moving = list_moving(reading, A)
    return DrainPlan(
        cluster="demo",
        machine=FleetMachine(name="i-1", role="internal", address="10.10.3.57", is_running=True),
        machine_id=A if any(one.id == A for one in reading.machines) else "",
        back=False,
        moving=moving,
        stranded=find_stranded(moving, reading, machine_id=A),
        others=len([one for one in reading.machines if one.id != A]),
    )


def test_units_that_are_wanted_go_and_no_others() -> None:
    reading = read(unit("a.service", A), unit("b.service", B), unit("c.service", A, desired="inactive"))
    plan = plan_for(reading)
    assert [one.name for one in plan.moving] == ["a.service"]
    plan.check()


@pytest.mark.parametrize(
    ("asks", "why"),
    [
        (("MachineMetadata=role=db",), "has no role=db"),
        ((f"MachineID={A}",), "is not the machine"),
        (("Conflicts=b.service",), "has b.service, which it conflicts with"),
        (("MachineOf=d.service",), "does not have d.service"),
    ],
)
def test_what_no_other_machine_takes_is_refused_with_the_reason_unless_it_may_be_stranded(
    asks: tuple[str, ...], why: str
) -> None:
    plan = plan_for(read(unit("a.service", A, *asks), unit("b.service", B)))
    with pytest.raises(PreconditionError) as refused:
        plan.check()
    assert why in str(refused.value)
    # One that is only stopped stays on its machine, and is in the way as before.
    assert "fleetkit units unload" in str(refused.value)
    replace(plan, strand=True).check()


def test_a_global_unit_of_another_machine_is_in_the_way_as_well() -> None:
    everywhere = unit("foe.service", "", "Global=true")
    with pytest.raises(PreconditionError, match=r"has foe.service, which it conflicts with"):
        plan_for(read(unit("a.service", A, "Conflicts=foe.service"), everywhere)).check()


def test_those_that_have_to_be_together_go_together() -> None:
    plan_for(read(unit("a.service", A), unit("side.service", A, "MachineOf=a.service"))).check()


def test_the_only_machine_is_not_emptied_even_where_units_may_be_stranded() -> None:
    plan = plan_for(read(unit("a.service", A), machines=MACHINES[:1]))
    with pytest.raises(PreconditionError, match="only machine"):
        replace(plan, strand=True).check()


def test_one_that_is_out_of_fleet_already_is_nothing_to_do_and_one_that_is_in_it_neither_to_take_back() -> None:
    gone = plan_for(read(machines=MACHINES[1:]))
    assert gone.is_empty
    gone.check()
    assert not replace(gone, back=True).is_empty
    assert replace(plan_for(read()), back=True).is_empty


def test_a_unit_that_was_poisoned_and_freed_goes_nowhere() -> None:
    assert plan_for(read(unit("a.service", A, desired=""))).moving == ()


def test_who_may_be_stranded_makes_another_plan() -> None:
    plan = plan_for(read(unit("a.service", A, "MachineMetadata=role=db")))
    assert len({plan.sha256, replace(plan, strand=True).sha256, replace(plan, stranded={}).sha256}) == 3


def test_another_unit_on_it_makes_another_plan() -> None:
    one, two = plan_for(read(unit("a.service", A))), plan_for(read(unit("a.service", A), unit("b.service", A)))
    assert one.sha256 != two.sha256
