"""What a unit waits for comes before it, whatever else is in the folder."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleetkit.fleet import UnitText, order_units


def unit(*lines: str) -> UnitText:
    return UnitText.parse("[Unit]\n" + "\n".join(lines) + "\n[Service]\nExecStart=/bin/true\n")


def test_units_that_know_nothing_of_each_other_are_one_wave() -> None:
    assert order_units({"b.service": unit(), "a.service": unit()}).waves == (("a.service", "b.service"),)


def test_each_kind_of_waiting_counts() -> None:
    units = {
        "db.service": unit(),
        "after.service": unit("After=network.target db.service"),
        "wants.service": unit("Wants=db.service"),
        "binds.service": unit("BindsTo=after.service"),
        "first.service": unit("Before=db.service"),
        "with.service": UnitText.parse("[Service]\nExecStart=/bin/true\n[X-Fleet]\nMachineOf=binds.service\n"),
    }
    assert order_units(units).waves == (
        ("first.service",),
        ("db.service",),
        ("after.service", "wants.service"),
        ("binds.service",),
        ("with.service",),
    )


def test_what_is_said_of_the_order_weighs_more_than_what_follows_from_a_need() -> None:
    found = order_units(
        {
            "side@1.service": unit("BindsTo=web@%i.service", "After=web@%i.service"),
            "web@1.service": unit("Wants=side@%i.service"),
            "first.service": unit("Requires=second.service", "Before=second.service"),
            "second.service": unit(),
        }
    )
    assert found.waves == (("first.service", "web@1.service"), ("second.service", "side@1.service"))
    assert not found.circle


def test_those_that_need_each_other_and_say_no_order_are_a_circle() -> None:
    found = order_units({"a.service": unit("Wants=b.service"), "b.service": unit("Wants=a.service")})
    assert found.circle == ("a.service", "b.service")


def test_instances_name_each_other_by_specifiers() -> None:
    units = {
        "web@1.service": unit("After=db@%i.service"),
        "db@1.service": unit(),
        "db@2.service": unit("After=%p@1.service"),
    }
    assert order_units(units).waves == (("db@1.service",), ("db@2.service", "web@1.service"))


def test_what_a_timer_or_a_path_starts_comes_before_it_and_a_socket_before_its_service() -> None:
    units = {
        "a.timer": UnitText.parse("[Timer]\nOnCalendar=daily\n"),
        "a.service": unit(),
        "b.path": UnitText.parse("[Path]\nPathExists=/x\nUnit=c@%p.service\n"),
        "c@b.service": unit(),
        "d.socket": UnitText.parse("[Socket]\nListenStream=/d\n"),
        "d.service": unit("After=d.socket"),
    }
    found = order_units(units)
    assert found.waves == (("a.service", "c@b.service", "d.socket"), ("a.timer", "b.path", "d.service"))
    assert not found.circle


def test_those_that_wait_for_each_other_come_last_and_are_named_without_their_followers() -> None:
    units = {
        "a.service": unit("After=b.service"),
        "b.service": unit("After=a.service"),
        "c.service": unit("After=b.service"),
        "d.service": unit(),
    }
    found = order_units(units)
    assert found.waves == (("d.service",), ("a.service", "b.service", "c.service"))
    assert found.circle == ("a.service", "b.service")


def test_a_unit_that_names_itself_waits_for_nobody() -> None:
    assert order_units({"a.service": unit("After=a.service")}).circle == ()


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=10))
def test_every_unit_comes_once_and_after_all_that_it_waits_for(waits: list[list[int]]) -> None:
    names = [f"u{index}.service" for index in range(len(waits))]
    units = {
        name: unit(*(f"After={names[other]}" for other in others if other < index))
        for index, (name, others) in enumerate(zip(names, waits, strict=True))
    }
    found = order_units(units)
    place = {name: number for number, wave in enumerate(found.waves) for name in wave}
    assert sorted(place) == sorted(names)
    assert sum(map(len, found.waves)) == len(names)
    assert not found.circle
    for index, others in enumerate(waits):
        for other in others:
            if other < index:
                assert place[names[other]] < place[names[index]]
