"""Records of a private zone are read whole, and changed only while they are as they were read."""

from __future__ import annotations

from typing import Any

import pytest
from support.aws_moto import make_vpc
from support.aws_zones import make_zone

from fleetkit.aws import (
    AwsSession,
    PrivateZone,
    RecordChange,
    ZoneRecord,
    change_zone_records,
    find_private_zone,
    is_zone_in_sync,
    list_zone_records,
)
from fleetkit.core import AwsError, NotFoundError


def record(name: str, *values: str, kind: str = "A", ttl_s: int = 30) -> ZoneRecord:
    return ZoneRecord(name=name, kind=kind, ttl_s=ttl_s, values=values)


def added(*records: ZoneRecord) -> list[RecordChange]:
    return [RecordChange(before=None, after=one) for one in records]


def change(session: AwsSession, zone: PrivateZone, *groups: list[RecordChange]) -> tuple[str, ...]:
    return change_zone_records(session, zone, groups, comment="a test")


def kept(session: AwsSession, zone: PrivateZone) -> list[ZoneRecord]:
    return [one for one in list_zone_records(session, zone) if one.kind not in ("NS", "SOA")]


def test_the_zone_of_the_cluster_is_found_by_its_name_and_no_others(session: AwsSession) -> None:
    vpc = make_vpc(session)
    make_zone(session, "other", vpc, name="demo.internal")
    mine = make_zone(session, "demo", vpc)
    assert find_private_zone(session, "demo", name="demo.internal") == mine
    with pytest.raises(NotFoundError, match="fleetkit deploy demo makes it") as caught:
        find_private_zone(session, "demo", name="demo.example")
    assert caught.value.known == ("demo.internal",)


def test_records_are_made_changed_and_removed_and_read_as_they_were_written(session: AwsSession) -> None:
    zone = make_zone(session, "demo", make_vpc(session))
    a, mark = record("web.demo.internal", "10.0.0.1", "10.0.0.2"), record("web.demo.internal", '"m"', kind="TXT")
    srv = record("_web._tcp.demo.internal", "0 0 80 a.web.demo.internal", kind="SRV", ttl_s=300)
    (change_id,) = change(session, zone, added(a, mark), added(srv))
    assert "/" not in change_id
    assert is_zone_in_sync(session, change_id)
    assert kept(session, zone) == [srv, a, mark]
    less = record("web.demo.internal", "10.0.0.2")
    change(session, zone, [RecordChange(before=a, after=less), RecordChange(before=srv, after=None)])
    assert kept(session, zone) == [less, mark]
    assert change(session, zone) == ()


def test_a_record_that_somebody_made_meanwhile_is_not_overwritten(session: AwsSession) -> None:
    zone = make_zone(session, "demo", make_vpc(session))
    change(session, zone, added(record("web.demo.internal", "10.0.0.1")))
    with pytest.raises(AwsError, match=r"the change of 1 records of demo\.internal"):
        change(session, zone, added(record("web.demo.internal", "10.0.0.2")))
    assert kept(session, zone) == [record("web.demo.internal", "10.0.0.1")]


def test_all_pages_are_read_and_one_that_fails_is_an_error(
    session: AwsSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = make_zone(session, "demo", make_vpc(session))
    # moto and Route 53 tell at most 300 at once.
    made = [record(f"a{number:03}.demo.internal", "10.0.0.1") for number in range(310)]
    change(session, zone, added(*made))
    assert kept(session, zone) == made

    def fail_late(params: dict[str, Any], **_more: Any) -> None:
        if "StartRecordName" in params:
            raise session.route53.exceptions.ThrottlingException(
                {"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "ListResourceRecordSets"
            )

    session.route53.meta.events.register("provide-client-params.route53.ListResourceRecordSets", fail_late)
    with pytest.raises(AwsError, match="Throttling") as caught:
        list_zone_records(session, zone)
    assert caught.value.transient


def test_an_alias_and_one_of_several_are_told_from_plain_records(session: AwsSession) -> None:
    zone = make_zone(session, "demo", make_vpc(session))
    alias = {"HostedZoneId": zone.zone_id, "DNSName": "lb.demo.internal", "EvaluateTargetHealth": False}
    weighted = {"TTL": 9, "ResourceRecords": [{"Value": "10.0.0.1"}], "SetIdentifier": "x", "Weight": 1}
    sets: list[Any] = [
        {"Name": "ui.demo.internal", "Type": "A", "AliasTarget": alias},
        {"Name": "w.demo.internal", "Type": "A", **weighted},
    ]
    session.route53.change_resource_record_sets(
        HostedZoneId=zone.zone_id,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": one} for one in sets]},
    )
    assert [(one.name, one.is_plain) for one in kept(session, zone)] == [
        ("ui.demo.internal", False), ("w.demo.internal", False),
    ]  # fmt: skip


def test_what_belongs_together_stays_so_where_one_piece_is_not_enough(session: AwsSession) -> None:
    zone = make_zone(session, "demo", make_vpc(session))
    groups = [
        added(*(record(f"{letter}{number}.demo.internal", "10.0.0.1") for number in range(400))) for letter in "abc"
    ]
    assert len(change(session, zone, *groups)) == 2
    assert len(kept(session, zone)) == 1200
