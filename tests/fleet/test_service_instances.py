"""Instances of services are found where their units are, and healthy only where these run and answer."""

from __future__ import annotations

import pytest

from fleetkit.fleet import (
    Health,
    Machine,
    Probe,
    ProbeKind,
    ProbeResult,
    ServiceInstance,
    Unit,
    UnitState,
    UnitText,
    UnreadService,
    find_unread_services,
    judge_instances,
    judge_units,
    list_service_instances,
    render_service_keys,
)

SERVICE = "[Service]\nExecStart=/bin/web\n[X-Service]\nName=web\nPort=8080\nProbe=tcp\n"
MACHINES = [
    Machine(id="a" * 32, primary_ip="10.10.1.1", metadata={"etcd": "internal"}),
    Machine(id="b" * 32, primary_ip="10.10.2.1", metadata={"etcd": "public"}),
]
HEALTHY, UNHEALTHY, UNKNOWN = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN


def unit(name: str, *, machine: str = "a", text: str = SERVICE, desired: str = "launched") -> Unit:
    machine_id = machine * 32
    return Unit(
        name=name, text=UnitText.parse(text), desired_state=desired, current_state=desired, machine_id=machine_id
    )


def state(one: Unit, *, machine: str = "a", active: str = "active", unit_hash: str = "") -> UnitState:
    return UnitState(
        name=one.name,
        machine_id=machine * 32,
        unit_hash=unit_hash or one.text.unit_hash,
        load="loaded",
        active=active,
        sub="running" if active == "active" else active,
    )


def instances(
    units: list[Unit], states: list[UnitState], machines: list[Machine] | None = None
) -> tuple[ServiceInstance, ...]:
    machines = MACHINES if machines is None else machines
    return list_service_instances(units, judge_units(units, states, machines), machines)


def instance(address: str = "10.10.1.1", *, port: int = 8080, role: str = "internal") -> ServiceInstance:
    return ServiceInstance(
        name="web", unit="web@1.service", address=address, port=port, probe=Probe(kind=ProbeKind.TCP), role=role
    )


def test_instances_of_a_template_share_its_name_and_each_has_its_machines_address() -> None:
    units = [unit("web@1.service"), unit("web@2.service", machine="b")]
    found = instances(units, [state(units[0]), state(units[1], machine="b")])
    assert [(one.name, one.unit, one.address, one.port, one.role) for one in found] == [
        ("web", "web@1.service", "10.10.1.1", 8080, "internal"),
        ("web", "web@2.service", "10.10.2.1", 8080, "public"),
    ]
    assert all(one.is_asked and not one.trouble for one in found)


def test_units_without_a_service_templates_and_those_that_are_meant_to_be_nowhere_have_none() -> None:
    plain = "[Service]\nExecStart=/bin/web\n"
    units = [
        unit("a.service", text=plain),
        unit("web@.service", machine="", desired="inactive"),
        unit("web@1.service", machine="", desired="inactive"),
        unit("web@2.service", machine="", desired=""),
        unit("bad.service", text=SERVICE.replace("8080", "0")),
    ]
    assert instances(units, [state(one) for one in units if one.machine_id]) == ()


@pytest.mark.parametrize(
    ("text", "name", "seen"),
    [
        (SERVICE.replace("8080", "0"), "web", "Port is '0'"),
        (SERVICE.replace("Name=web\n", ""), "", "[X-Service] has no Name"),
        (SERVICE + "Name=api\n", "", "Name is given twice"),
        (SERVICE.replace("Name=web", "Name=Web"), "", "Name is 'Web'"),
    ],
)
def test_a_unit_that_runs_and_whose_words_cannot_be_read_is_told_with_the_service_that_it_may_be_of(
    text: str, name: str, seen: str
) -> None:
    units = [unit("bad.service", text=text), unit("ill.service", text=text), unit("web.service")]
    states = [state(units[0]), state(units[1], active="failed"), state(units[2])]
    (found,) = find_unread_services(units, judge_units(units, states, MACHINES))
    assert found == UnreadService(name=name, unit="bad.service", seen=seen)
    assert found.holds("web")
    assert found.holds("api") is (not name)


@pytest.mark.parametrize(
    ("active", "trouble"),
    [("reloading", ""), ("activating", "waiting: "), ("failed", "failed: "), ("inactive", "ended: ")],
)
def test_what_keeps_a_unit_from_running_is_told_and_it_is_not_asked(active: str, trouble: str) -> None:
    one = unit("web.service")
    (found,) = instances([one], [state(one, active=active)])
    assert found.trouble.startswith(trouble)
    assert bool(found.trouble) is bool(trouble)
    assert found.is_asked is not bool(trouble)


def test_a_unit_that_is_only_loaded_or_is_another_on_its_machine_serves_nobody() -> None:
    loaded, drifted = unit("a.service", desired="loaded"), unit("b.service")
    found = instances([loaded, drifted], [state(loaded), state(drifted, unit_hash="0" * 40)])
    assert [one.trouble.partition(":")[0] for one in found] == ["waiting", "drifted"]


def test_one_on_no_machine_or_on_one_that_is_gone_has_no_address() -> None:
    gone, nowhere = unit("gone.service", machine="c"), unit("none.service", machine="")
    found = instances([gone, nowhere], [state(gone, machine="c")])
    assert [(one.address, one.trouble.partition(":")[0]) for one in found] == [("", "stale"), ("", "waiting")]


def test_rows_of_a_machine_that_it_was_moved_from_are_no_instance() -> None:
    moved = unit("web.service", machine="b")
    (found,) = instances([moved], [state(moved), state(moved, machine="b")])
    assert found.address == "10.10.2.1"


def test_a_global_unit_has_an_instance_on_each_machine_and_each_is_judged_by_itself() -> None:
    one = unit("web.service", machine="", text=SERVICE + "[X-Fleet]\nGlobal=true\n")
    first, second = instances([one], [state(one, active="failed"), state(one, machine="b")])
    assert (first.address, first.trouble) == ("10.10.1.1", "loaded, failed, failed")
    assert (second.address, second.trouble) == ("10.10.2.1", "")
    older, _ = instances([one], [state(one, unit_hash="0" * 40), state(one, machine="b")])
    assert older.trouble == "its machine has another unit of that name"


@pytest.mark.parametrize("announced", ["", "fd00::1", "web.internal"])
def test_a_machine_that_announces_no_ipv4_address_carries_no_instance_that_could_be_found(announced: str) -> None:
    one = unit("web.service")
    machine = Machine(id="a" * 32, primary_ip=announced, metadata={})
    (found,) = instances([one], [state(one)], [machine])
    assert (found.address, found.trouble) == ("", "its machine announces no IPv4 address")


def test_healthy_is_what_runs_and_has_passed_its_probe_where_it_asks_for_one() -> None:
    asked = instance()
    unasked = ServiceInstance(name="web", unit="b.service", address="10.10.1.2", port=80, probe=Probe())
    ill = ServiceInstance(name="web", unit="c.service", address="", port=80, probe=Probe(), trouble="failed")
    results = {asked: ProbeResult(health=UNHEALTHY, reason="refused")}
    judged = judge_instances([asked, unasked, ill], results)
    assert [(one.health, one.reason) for one in judged] == [
        (UNHEALTHY, "refused"), (HEALTHY, ""), (UNHEALTHY, "failed"),
    ]  # fmt: skip
    (unknown,) = judge_instances([asked], {})
    assert (unknown.health, unknown.reason) == (UNKNOWN, "it was not asked")


def test_keys_for_the_original_proxies_stand_in_the_tree_of_their_machines() -> None:
    found = render_service_keys(
        [instance(), instance(port=8081), instance("10.10.2.1", role="public"), instance("10.10.2.2", role="")]
    )
    assert found == {
        "/services/internal/web/10.10.1.1": "10.10.1.1:8080",
        "/services/internal/web/10.10.1.1-8081": "10.10.1.1:8081",
        "/services/web/web/10.10.2.1": "10.10.2.1:8080",
        "/services/internal/web/10.10.2.2": "10.10.2.2:8080",
    }
