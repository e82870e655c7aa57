"""The plan of a rebalance: how it reads, and who moves at one time."""

from __future__ import annotations

import pytest

from fleetkit.core import PreconditionError
from fleetkit.fleet import Machine, Unit, UnitMove, UnitOption, UnitStatus, UnitText, UnitVerdict, plan_rebalance
from fleetkit.workflows import RebalancePlan
from fleetkit.workflows._rebalance_plan import divide_moves

A = Machine(id="a" * 32, primary_ip="10.0.0.1", metadata={})
B = Machine(id="b" * 32, primary_ip="", metadata={})


def unit(name: str, *fleet: tuple[str, str]) -> Unit:
    options = [UnitOption(section="Service", name="ExecStart", value="/bin/true")]
    options += [UnitOption(section="X-Fleet", name=key, value=value) for key, value in fleet]
    text = UnitText.from_options(options)
    return Unit(name=name, text=text, desired_state="launched", current_state="launched", machine_id=A.id)


def make_plan(*units: Unit, unheard: str = "", at_once: int = 1) -> RebalancePlan:
    statuses = [UnitStatus(name=one.name, verdict=UnitVerdict.RUNNING, reason="", desired_state="") for one in units]
    reckoned = plan_rebalance(units, statuses, (A, B))
    by_name = {one.name: one for one in units}
    moving = {name: by_name[name] for move in reckoned.moves for name in move.names}
    return RebalancePlan(
        cluster="demo", machines=(A, B), units=moving, reckoned=reckoned, at_once=at_once, unheard=unheard
    )


def test_a_plan_shows_what_machines_carry_who_moves_and_who_stays() -> None:
    plan = make_plan(unit("a.service", ("MachineID", A.id)), unit("b.service"), unit("c.service", ("MachineID", A.id)))
    assert str(plan) == (
        "This moves 1 unit of demo to machines that carry less, 1 at a time: the most that one carries goes from 3 to "
        "2.\n\n"
        "units on each machine:\n  - 10.0.0.1: 3 → 2\n  - bbbbbbbb: 0 → 1\n\n"
        "these move, in this order:\n  - b.service: 10.0.0.1 → bbbbbbbb\n\n"
        "each is stopped and unloaded, and asked for again once it is off its machine: fleet places it anew, where "
        "least is of what may have it; it is gone for some seconds, and the next ones go once it runs"
    )
    assert plan.facts["moves"] == [[["b.service"], A.id, B.id]]


def test_where_nothing_moves_nothing_is_asked_for() -> None:
    plan = make_plan(unit("a.service"))
    assert plan.is_empty
    assert plan.aim == "Nothing to do: no unit of demo would move so that machines carry more alike."
    plan.check()


def test_while_a_machine_is_silent_nothing_is_moved_to_it() -> None:
    plan = make_plan(*(unit(f"{one}.service") for one in "abc"), unheard="10.0.0.1 was last heard of 22 s ago")
    with pytest.raises(PreconditionError, match="cannot be moved now") as refused:
        plan.check()
    assert refused.value.seen == "10.0.0.1 was last heard of 22 s ago"


def test_what_belongs_together_is_unloaded_and_launched_in_its_order() -> None:
    side = unit("app-side.service", ("MachineOf", "app.service"))
    plan = make_plan(unit("app.service"), side, *(unit(f"z{one}.service", ("MachineID", A.id)) for one in range(2)))
    (batch,) = plan.batches
    assert [[one.name for one in wave] for wave in batch.unloads] == [["app-side.service"], ["app.service"]]
    assert [[one.name for one in wave] for wave in batch.launches] == [["app.service"], ["app-side.service"]]
    assert {one.desired for wave in batch.launches for one in wave} == {"launched"}


@pytest.mark.parametrize(
    ("names", "at_once", "batches"),
    [
        (["a", "b", "c"], 1, [["a"], ["b"], ["c"]]),
        (["a", "b", "c"], 2, [["a", "b"], ["c"]]),
        (["web@1", "web@2", "c"], 3, [["web@1"], ["web@2", "c"]]),
        ([], 2, []),
    ],
)
def test_no_two_instances_of_a_template_move_at_one_time(
    names: list[str], at_once: int, batches: list[list[str]]
) -> None:
    moves = [UnitMove(names=(f"{one}.service",), source=A.id, target=B.id) for one in names]
    divided = divide_moves(moves, at_once=at_once)
    told = [[name.removesuffix(".service") for one in batch for name in one.names] for batch in divided]
    assert told == batches
