"""What a zone needs for its names to be true: of healthy instances alone, and never a record of anybody else."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetkit.aws import ZoneRecord
from fleetkit.fleet import Health, JudgedInstance, Probe, ServiceInstance, UnreadService
from fleetkit.workflows._zone_difference import RECORD_TTL_S, ServiceDifference, compare_zone, render_service_records

ZONE = "demo.internal"
HEALTHY, UNHEALTHY, UNKNOWN = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN


def instance(address: str = "10.10.1.1", *, name: str = "web", port: int = 8080) -> ServiceInstance:
    return ServiceInstance(name=name, unit=f"{name}@1.service", address=address, port=port, probe=Probe())


def judged(
    address: str = "10.10.1.1", health: Health = HEALTHY, *, name: str = "web", port: int = 8080, reason: str = ""
) -> JudgedInstance:
    reason = reason or ("" if health is HEALTHY else "no answer")
    return JudgedInstance(instance=instance(address, name=name, port=port), health=health, reason=reason)


def compare(
    found: Iterable[JudgedInstance], records: Iterable[ZoneRecord] = (), *, remove_last: bool = False
) -> tuple[ServiceDifference, ...]:
    return compare_zone(found, records, cluster="demo", zone=ZONE, remove_last=remove_last)


def named(*instances: ServiceInstance, name: str = "web", cluster: str = "demo") -> tuple[ZoneRecord, ...]:
    return render_service_records(name, instances, cluster=cluster, zone=ZONE)


def carry_out(records: Iterable[ZoneRecord], services: Iterable[ServiceDifference]) -> list[ZoneRecord]:
    """Change records as Route 53 does, which refuses where one is another than it is told."""
    current = {(one.name, one.kind): one for one in records}
    for change in (change for one in services for change in one.changes):
        if change.before is not None:
            assert current.pop((change.before.name, change.before.kind)) == change.before
        if change.after is not None:
            assert (change.after.name, change.after.kind) not in current
            current[change.after.name, change.after.kind] = change.after
    return sorted(current.values(), key=lambda one: (one.name, one.kind))


def test_a_service_is_found_by_its_addresses_and_by_its_ports_and_each_name_bears_a_mark() -> None:
    found = {(one.name, one.kind): one.values for one in named(instance(), instance("10.10.2.1", port=8081))}
    assert {key: values for key, values in found.items() if key[1] != "TXT"} == {
        ("web.demo.internal", "A"): ("10.10.1.1", "10.10.2.1"),
        ("_web._tcp.demo.internal", "SRV"): (
            "0 0 8080 ip-10-10-1-1.web.demo.internal",
            "0 0 8081 ip-10-10-2-1.web.demo.internal",
        ),
        ("ip-10-10-1-1.web.demo.internal", "A"): ("10.10.1.1",),
        ("ip-10-10-2-1.web.demo.internal", "A"): ("10.10.2.1",),
    }
    marks = {name for name, kind in found if kind == "TXT"}
    assert marks == {name for name, kind in found if kind != "TXT"}
    assert found["web.demo.internal", "TXT"] == ('"heritage=fleetkit,fleetkit/cluster=demo,fleetkit/service=web"',)
    assert {one.ttl_s for one in named(instance())} == {RECORD_TTL_S}
    assert named() == ()


def test_two_ports_of_one_machine_share_its_name() -> None:
    found = {(one.name, one.kind): one.values for one in named(instance(), instance(port=8081))}
    assert found["web.demo.internal", "A"] == ("10.10.1.1",)
    assert len(found["_web._tcp.demo.internal", "SRV"]) == 2


@pytest.mark.parametrize(("name", "changed"), [("web", ["api"]), ("", [])])
def test_a_service_of_which_an_instance_may_be_unread_is_left_whatever_is_asked_for(
    name: str, changed: list[str]
) -> None:
    unread = [UnreadService(name=name, unit="web@2.service", seen="Port is '0'")]
    found = [judged("10.10.1.2"), judged(name="api")]
    services = compare_zone(found, named(instance()), cluster="demo", zone=ZONE, remove_last=True, unread=unread)
    assert [one.name for one in services if one.changes] == changed
    assert [one.name for one in services] == ["api", "web"]


def test_what_is_healthy_comes_and_what_is_not_goes() -> None:
    records = named(instance(), instance("10.10.1.2"))
    services = compare([judged("10.10.1.2"), judged("10.10.1.1", UNHEALTHY), judged("10.10.1.3")], records)
    assert carry_out(records, services) == sorted(
        named(instance("10.10.1.2"), instance("10.10.1.3")), key=lambda one: (one.name, one.kind)
    )
    assert [one.findings for one in services] == [()]


def test_a_service_without_a_healthy_instance_keeps_its_names_and_is_told() -> None:
    records = named(instance(), instance("10.10.1.2"))
    (found,) = compare([judged(health=UNHEALTHY), judged("", UNHEALTHY, reason="stale")], records)
    assert found.changes == ()
    assert found.findings == (
        "web has no healthy instance (10.10.1.1: no answer; web@1.service: stale): its names stay as they are",
    )
    (gone,) = compare([], records)
    assert (gone.changes, gone.findings) == ((), ("web has no healthy instance: its names stay as they are",))
    (never,) = compare([judged(health=UNHEALTHY)])
    assert never.findings == ("web has no healthy instance (10.10.1.1: no answer): it gets no name",)


@pytest.mark.parametrize("found", [[], [judged(health=UNHEALTHY)]], ids=["no-unit", "ill"])
def test_its_names_go_where_that_is_asked_for(found: list[JudgedInstance]) -> None:
    records = (*named(instance()), *named(instance(name="api"), name="api"))
    services = compare([*found, judged(name="api")], records, remove_last=True)
    assert carry_out(records, services) == sorted(
        named(instance(name="api"), name="api"), key=lambda one: (one.name, one.kind)
    )


def test_an_instance_of_which_nobody_knows_whether_it_serves_is_left_as_it_is() -> None:
    unknown = [judged(health=UNKNOWN, reason="no way there"), judged("10.10.1.2", UNKNOWN, reason="no way there")]
    records = named(instance())
    (found,) = compare(unknown, records)
    assert found.changes == ()
    assert found.findings == (
        "10.10.1.1:8080 of web is left as it is, for nobody knows whether it serves: no way there",
        "10.10.1.2:8080 of web is left as it is, for nobody knows whether it serves: no way there",
    )
    assert compare(unknown, records, remove_last=True)[0].changes == ()
    # Another one that is healthy comes, and the one in question stays beside it.
    after = carry_out(records, compare([*unknown, judged("10.10.1.3")], records))
    assert [one.values for one in after if (one.name, one.kind) == ("web.demo.internal", "A")] == [
        ("10.10.1.1", "10.10.1.3")
    ]


STRANGERS = [
    ZoneRecord(name="web.demo.internal", kind="A", ttl_s=300, values=("10.9.9.9",)),
    ZoneRecord(name="web.demo.internal", kind="CNAME", ttl_s=300, values=("a.example",)),
    ZoneRecord(name="web.demo.internal", kind="A", ttl_s=0, values=(), is_plain=False),
    ZoneRecord(name="web.demo.internal", kind="TXT", ttl_s=300, values=('"heritage=external-dns"',)),
    ZoneRecord(name="_web._tcp.demo.internal", kind="SRV", ttl_s=300, values=("0 0 1 a.example",)),
    ZoneRecord(name="ip-10-10-1-1.web.demo.internal", kind="AAAA", ttl_s=300, values=("fd00::1",)),
    *(one for one in named(instance("10.9.9.9"), cluster="another") if not one.name.startswith("ip-")),
]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: f"{one.kind}-{one.name}")
def test_a_name_that_is_somebody_elses_is_not_touched_and_the_service_is_left_whole(stranger: ZoneRecord) -> None:
    (found,) = compare([judged()], [stranger])
    assert found.changes == ()
    (finding,) = found.findings
    assert finding.startswith("web is left as it is, for not all of its names are ours: ")
    assert f"{stranger.kind} {stranger.name} is there already" in finding


def test_a_mark_beside_words_of_others_or_at_another_name_makes_no_name_ours() -> None:
    (mark,) = (one for one in named(instance()) if (one.name, one.kind) == ("web.demo.internal", "TXT"))
    shared = ZoneRecord(name=mark.name, kind="TXT", ttl_s=30, values=(*mark.values, '"v=spf1"'))
    elsewhere = ZoneRecord(name="mail.demo.internal", kind="TXT", ttl_s=30, values=mark.values)
    mail = ZoneRecord(name="mail.demo.internal", kind="A", ttl_s=30, values=("10.1.1.1",))
    for records in ([shared], [elsewhere, mail]):
        assert compare([], records, remove_last=True) == ()


def test_a_record_of_ours_that_somebody_changed_is_made_true_again() -> None:
    records = [one for one in named(instance()) if (one.name, one.kind) != ("web.demo.internal", "A")]
    bent = [*records, ZoneRecord(name="web.demo.internal", kind="A", ttl_s=9, values=("10.9.9.9",))]
    for found in (records, bent):
        services = compare([judged()], found)
        assert len(services[0].changes) == 1
        assert {*carry_out(found, services)} == {*named(instance())}


def test_an_alias_in_place_of_a_record_of_ours_is_left() -> None:
    records = [one for one in named(instance()) if (one.name, one.kind) != ("web.demo.internal", "A")]
    alias = ZoneRecord(name="web.demo.internal", kind="A", ttl_s=0, values=(), is_plain=False)
    (found,) = compare([judged("10.10.1.2")], [*records, alias])
    assert found.changes == ()
    assert "A web.demo.internal is there already" in found.findings[0]


addresses = st.sampled_from([f"10.10.1.{number}" for number in range(1, 5)])
services = st.sampled_from(["web", "api", "a-b"])
instances = st.lists(
    st.builds(
        lambda name, address, port, health: judged(address, health, name=name, port=port),
        services, addresses, st.sampled_from([80, 81]), st.sampled_from(list(Health)),
    ),
    max_size=8,
    unique_by=lambda one: one.instance,
)  # fmt: skip
zones = st.lists(
    st.one_of(
        st.sampled_from(STRANGERS),
        st.sampled_from([*named(instance(), instance("10.10.1.2")), *named(instance(name="api"), name="api")]),
        st.builds(
            ZoneRecord,
            name=st.sampled_from(["etcd1.demo.internal", "api.demo.internal", "demo.internal", "a-b.demo.internal"]),
            kind=st.sampled_from(["A", "NS", "TXT", "MX"]),
            ttl_s=st.just(300),
            values=st.tuples(st.sampled_from(["10.1.1.1", '"words"'])),
        ),
    ),
    max_size=12,
    unique_by=lambda one: (one.name, one.kind),
)  # fmt: skip


@given(instances, zones, st.booleans())
def test_twice_changes_nothing_and_nobody_elses_record_is_ever_touched(
    found: list[JudgedInstance], zone: list[ZoneRecord], remove_last: bool
) -> None:
    first = compare(found, zone, remove_last=remove_last)
    after = carry_out(zone, first)
    assert all(one.changes == () for one in compare(found, after, remove_last=remove_last))
    marked = {one.name for one in zone if one.kind == "TXT" and "cluster=demo," in one.values[0]}
    untouched = [one for one in zone if one.name not in marked]
    assert all(one in after for one in untouched)


@given(instances, zones)
def test_what_is_made_is_healthy_and_the_last_instance_is_never_taken_out(
    found: list[JudgedInstance], zone: list[ZoneRecord]
) -> None:
    first = compare(found, zone)
    healthy = {one.instance.address for one in found if one.health is HEALTHY}
    for service in first:
        before = {value for change in service.changes if change.before for value in change.before.values}
        after = {value for change in service.changes if change.after for value in change.after.values}
        made = {value for value in after - before if value.startswith("10.")}
        unknown = {one.instance.address for one in service.instances if one.health is UNKNOWN}
        assert made <= healthy | unknown
        if all(one.health is UNHEALTHY for one in service.instances):
            # Nothing is taken out to the last without being asked for.
            assert service.changes == ()
            assert service.findings
