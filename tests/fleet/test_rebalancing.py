"""Which units would move so that machines carry more alike, and which stay and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from fleetkit.fleet import (
    Machine,
    Rebalance,
    Unit,
    UnitOption,
    UnitStatus,
    UnitText,
    UnitVerdict,
    plan_rebalance,
)

A = Machine(id="a" * 32, primary_ip="10.0.0.1", metadata={"role": "db", "disk": "ssd"})
B = Machine(id="b" * 32, primary_ip="10.0.0.2", metadata={"role": "web", "disk": "ssd"})
C = Machine(id="c" * 32, primary_ip="10.0.0.3", metadata={"role": "web", "disk": "hdd"})


def unit(
    name: str, machine: Machine | None, *fleet: tuple[str, str], service: tuple[tuple[str, str], ...] = ()
) -> Unit:
    options = [UnitOption(section="Service", name="ExecStart", value="/bin/true")]
    options += [UnitOption(section="Service", name=key, value=value) for key, value in service]
    options += [UnitOption(section="X-Fleet", name=key, value=value) for key, value in fleet]
    where = "" if machine is None else machine.id
    text = UnitText.from_options(options)
    return Unit(name=name, text=text, desired_state="launched", current_state="launched", machine_id=where)


def reckon(
    units: Sequence[Unit],
    machines: Sequence[Machine] = (A, B),
    *,
    verdicts: Mapping[str, UnitVerdict] | None = None,
) -> Rebalance:
    statuses = [
        UnitStatus(
            name=one.name,
            verdict=(verdicts or {}).get(one.name, UnitVerdict.RUNNING),
            reason="",
            desired_state=one.desired_state,
        )
        for one in units
    ]
    return plan_rebalance(units, statuses, machines)


def tell(found: Rebalance) -> list[tuple[str, str]]:
    """Return each move as its units, and the letter of the machine that they go to."""
    return [(" ".join(one.names), one.target[0]) for one in found.moves]


def test_an_empty_machine_gets_units_until_no_other_has_two_more() -> None:
    found = reckon([unit(f"u{number}.service", A) for number in range(5)])
    assert tell(found) == [("u0.service", "b"), ("u1.service", "b")]
    assert (found.before, found.after) == ({A.id: 5, B.id: 0}, {A.id: 3, B.id: 2})
    assert found.staying == {}


@pytest.mark.parametrize("loads", [(0, 0), (1, 0), (3, 2), (1, 1)])
def test_where_no_machine_has_two_more_nothing_moves(loads: tuple[int, int]) -> None:
    units = [
        unit(f"{one.id[0]}{number}.service", one)
        for one, load in zip((A, B), loads, strict=True)
        for number in range(load)
    ]
    assert reckon(units).moves == ()


def test_the_fullest_machine_gives_first_and_the_emptiest_takes_first() -> None:
    units = [unit(f"a{number}.service", A) for number in range(4)] + [
        unit(f"b{number}.service", B) for number in range(5)
    ]
    found = reckon(units, (A, B, C))
    assert tell(found) == [("b0.service", "c"), ("a0.service", "c"), ("b1.service", "c")]
    assert found.after == {A.id: 3, B.id: 3, C.id: 3}


def test_of_a_template_that_has_many_there_one_goes_first() -> None:
    found = reckon([unit("app.service", A), unit("web@1.service", A), unit("web@2.service", A)])
    assert tell(found) == [("web@1.service", "b")]


def test_a_machine_without_the_metadata_takes_nothing_and_that_is_told() -> None:
    found = reckon([unit(f"db{number}.service", A, ("MachineMetadata", "role=db")) for number in range(3)])
    assert found.moves == ()
    assert set(found.staying.values()) == {"has no role=db (10.0.0.2)"}


def test_what_conflicts_does_not_meet_again() -> None:
    units = [unit(f"web@{number}.service", A) for number in range(2)]
    units += [unit(f"app{number}.service", A) for number in range(2)]
    units += [unit("lonely.service", B, ("Conflicts", "web@*.service"))]
    assert tell(reckon(units)) == [("app0.service", "b")]


def test_units_that_belong_together_move_together_and_only_where_that_makes_it_better() -> None:
    pair = [unit("app.service", A), unit("app-side.service", A, ("MachineOf", "app.service"))]
    assert reckon(pair).moves == ()
    three = [*pair, unit("z.service", A, ("MachineID", A.id))]
    found = reckon(three)
    assert tell(found) == [("app-side.service app.service", "b")]
    assert found.after == {A.id: 1, B.id: 2}


def test_a_global_unit_counts_where_it_can_be_and_never_moves() -> None:
    everywhere = [
        unit(f"g{number}.service", None, ("Global", "true"), ("MachineMetadata", "role=db")) for number in range(3)
    ]
    found = reckon([*everywhere, unit("u.service", A)])
    assert found.before == {A.id: 4, B.id: 0}
    assert tell(found) == [("u.service", "b")]


@pytest.mark.parametrize(
    ("odd", "verdict", "why"),
    [
        (unit("odd.service", A), UnitVerdict.FAILED, "it is failed, and is left to whoever mends that"),
        (unit("odd.service", A), UnitVerdict.ENDED, "it is ended, and is left to whoever mends that"),
        (
            unit("odd.service", A, service=(("Type", "oneshot"),)),
            UnitVerdict.RUNNING,
            "it is a oneshot, and would do its work once more",
        ),
        (
            unit("odd.service", A, ("Replaces", "old.service")),
            UnitVerdict.RUNNING,
            "it takes another unit's place, or another one takes its (Replaces)",
        ),
    ],
)
def test_what_would_not_be_the_same_elsewhere_stays_with_what_belongs_to_it(
    odd: Unit, verdict: UnitVerdict, why: str
) -> None:
    units = [odd, unit("side.service", A, ("MachineOf", "odd.service"))]
    found = reckon(units, verdicts={"odd.service": verdict})
    assert found.moves == ()
    assert found.staying == {"odd.service": why, "side.service": "it has to be with odd.service, which stays"}


def test_the_only_instance_that_runs_is_not_stopped() -> None:
    units = [unit("web@1.service", A), unit("web@2.service", A)]
    found = reckon(units, verdicts={"web@2.service": UnitVerdict.FAILED})
    assert found.moves == ()
    assert found.staying["web@1.service"] == "it is the only one of web@.service that runs"


def test_without_a_machine_there_is_nothing_to_move() -> None:
    assert reckon([unit("u.service", A)], ()) == Rebalance(before={}, after={})
