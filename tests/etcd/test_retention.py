"""Names of backups are read as they are written, and retention keeps what it says."""

from __future__ import annotations

import datetime as dt

import pytest

from fleetkit.core import SettingsError, parse_utc
from fleetkit.etcd import BackupName, Retention, Seal, parse_backup_name


def name(text: str, revision: int = 1) -> BackupName:
    return BackupName(taken=parse_utc(text), revision=revision, cluster="demo")


def test_a_name_says_cluster_time_and_revision_and_is_read_back() -> None:
    written = name("2026-11-26T07:05:09Z", 42)
    assert str(written) == "demo-20261126T070509Z-r42.etcd.tar"
    assert parse_backup_name(str(written)) == written
    assert parse_backup_name("my-own.demo-20261126T070509Z-r0.etcd.tar") == BackupName(
        taken=written.taken, revision=0, cluster="my-own.demo"
    )


@pytest.mark.parametrize("seal", [Seal.AGE, Seal.KMS])
def test_the_name_of_an_encrypted_one_says_so(seal: Seal) -> None:
    sealed = BackupName(taken=name("2026-11-26T07:05:09Z").taken, revision=1, cluster="demo", seal=seal)
    assert str(sealed) == f"demo-20261126T070509Z-r1.etcd.tar.{seal}"
    assert parse_backup_name(str(sealed)) == sealed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "demo.toml",
        "demo-20261126T070509Z-r42.etcd.tar.proof.json",
        "demo-20261326T070509Z-r42.etcd.tar",
        "demo-20261126T070509Z-r.etcd.tar",
        ".demo-20261126T070509Z-r42.etcd.tar.part",
        "a/demo-20261126T070509Z-r42.etcd.tar",
    ],
)
def test_what_is_no_backups_name_is_none(text: str) -> None:
    assert parse_backup_name(text) is None


CASES = {
    "none at all": (Retention(), (), ()),
    "the newest stays whatever the numbers": (
        Retention(hourly=0, daily=0, weekly=0),
        ("2026-11-26T07:00:00Z", "2026-11-25T07:00:00Z"),
        ("2026-11-26T07:00:00Z",),
    ),
    "the last of each hour": (
        Retention(hourly=2, daily=0, weekly=0),
        ("2026-11-26T07:59:59Z", "2026-11-26T07:00:00Z", "2026-11-26T06:10:00Z", "2026-11-26T05:00:00Z"),
        ("2026-11-26T07:59:59Z", "2026-11-26T06:10:00Z"),
    ),
    "hours without a backup do not count": (
        Retention(hourly=2, daily=0, weekly=0),
        ("2026-11-26T07:00:00Z", "2026-11-01T01:00:00Z", "2026-10-01T01:00:00Z"),
        ("2026-11-26T07:00:00Z", "2026-11-01T01:00:00Z"),
    ),
    "the last of each day": (
        Retention(hourly=0, daily=2, weekly=0),
        ("2026-11-26T00:00:00Z", "2026-11-25T23:59:59Z", "2026-11-25T01:00:00Z", "2026-11-24T01:00:00Z"),
        ("2026-11-26T00:00:00Z", "2026-11-25T23:59:59Z"),
    ),
    "weeks begin on Monday, over the turn of the year too": (
        Retention(hourly=0, daily=0, weekly=2),
        ("2027-01-03T12:00:00Z", "2026-12-28T12:00:00Z", "2026-12-27T12:00:00Z", "2026-12-21T00:00:00Z"),
        ("2027-01-03T12:00:00Z", "2026-12-27T12:00:00Z"),
    ),
    "each rule keeps its own": (
        Retention(hourly=1, daily=2, weekly=3),
        (
            "2026-11-26T07:00:00Z",
            "2026-11-26T06:00:00Z",
            "2026-11-25T07:00:00Z",
            "2026-11-24T07:00:00Z",
            "2026-11-20T07:00:00Z",
            "2026-11-13T07:00:00Z",
            "2026-11-06T07:00:00Z",
        ),
        ("2026-11-26T07:00:00Z", "2026-11-25T07:00:00Z", "2026-11-20T07:00:00Z", "2026-11-13T07:00:00Z"),
    ),
}


@pytest.mark.parametrize(("rule", "there", "stays"), CASES.values(), ids=CASES)
def test_what_is_kept(rule: Retention, there: tuple[str, ...], stays: tuple[str, ...]) -> None:
    assert rule.choose_kept(map(name, there)) == frozenset(map(name, stays))
    assert rule.choose_kept(map(name, reversed(there))) == frozenset(map(name, stays))


def test_moments_of_other_zones_are_judged_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=9))
    late = BackupName(taken=dt.datetime(2026, 11, 26, 8, 59, tzinfo=east), revision=1, cluster="demo")
    assert str(late) == "demo-20261125T235900Z-r1.etcd.tar"
    assert Retention(hourly=0, daily=1, weekly=0).choose_kept([late, name("2026-11-26T00:00:00Z")]) == {
        name("2026-11-26T00:00:00Z")
    }


def test_a_number_below_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="daily"):
        Retention(daily=-1)
