"""The checks of etcd and its backups, each on what passes, on what fails, and on a member that tells nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from fleetkit.checks import (
    BackupFact,
    BucketFact,
    CertificateFact,
    Facts,
    Judgement,
    ListedFact,
    MemberFact,
    StrainFact,
    TlsFact,
    Verdict,
    find_check,
)

from .test_catalogue import CLUSTER
from .test_compute_checks import judge

MIB = 1024**2


def after(**span: float) -> dt.datetime:
    return CLUSTER.now + dt.timedelta(**span)


def listed(name: str = "etcd1", *, peer: str = "https://10.10.3.100:2380") -> ListedFact:
    return ListedFact(id=f"id-{name}", name=name, peer_urls=(peer,), client_urls=("https://10.10.3.100:2379",))


MEMBER = MemberFact(name="etcd1", member_id="1a", cluster_id="cc", version="3.5.33", listed=(listed(),))
CERTIFICATE = CertificateFact(not_after=after(days=300), names=("etcd1", "10.10.3.100"))
TLS = TlsFact(name="etcd1", address="10.10.3.100", served=CERTIFICATE, peer=CERTIFICATE, serves_strangers=False)


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        (TLS, "passed"),
        (replace(TLS, serves_strangers=True), "it answers clients that have no certificate"),
        (replace(TLS, served=replace(CERTIFICATE, not_after=after(days=29))), "its certificate expires in 29 days"),
        (replace(TLS, served=replace(CERTIFICATE, not_after=after(days=31))), "passed"),
        (replace(TLS, peer=replace(CERTIFICATE, not_after=after(days=-1))), "its peer certificate has expired"),
        (replace(TLS, served=replace(CERTIFICATE, names=("etcd1",))), "its certificate does not name 10.10.3.100"),
    ],
)
def test_tls(tls: TlsFact, told: str) -> None:
    assert judge("etcd-tls-and-certificates", tls=(tls,), members=(MEMBER,)) == {"etcd1": told}


def test_a_member_that_is_listed_without_tls() -> None:
    plain = replace(MEMBER, listed=(listed(peer="http://10.10.3.100:2380"),))
    told = judge("etcd-tls-and-certificates", tls=(TLS,), members=(plain,))
    assert told == {"demo": "members are listed without TLS: http://10.10.3.100:2380", "etcd1": "passed"}


@pytest.mark.parametrize(
    ("tls", "reason"),
    [
        (replace(TLS, served=None, silence="what it shows is not known: it is down"), "what it shows is not known"),
        (replace(TLS, serves_strangers=None), "it could not be tried"),
        (replace(TLS, peer=None), "is not on this computer"),
    ],
)
def test_what_is_not_known_of_tls_is_unknown(tls: TlsFact, reason: str) -> None:
    (found,) = find_check("etcd-tls-and-certificates").apply(Facts(CLUSTER, read={"tls": (tls,), "members": (MEMBER,)}))
    assert found.verdict is Verdict.UNKNOWN
    assert reason in found.reason


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (MEMBER, "passed"),
        (replace(MEMBER, version="3.5.1"), "its version is 3.5.1, and that of others 3.5.33"),
        (replace(MEMBER, cluster_id="dd"), "its cluster id is dd, and that of others cc"),
        (replace(MEMBER, listed=()), "it does not list etcd1"),
        (
            replace(MEMBER, listed=(listed(), replace(listed(""), id="7f"))),
            "it lists one that was never started (7f), which the cluster file does not have",
        ),
        (replace(MEMBER, listed=(listed(), listed("old"))), "it lists old, which the cluster file does not have"),
    ],
)
def test_members_agree(changed: MemberFact, told: str) -> None:
    others = (replace(MEMBER, name="etcd2"), replace(MEMBER, name="etcd3"))
    found = judge("etcd-members-agree", members=(changed, *others))
    assert found == {"etcd1": told, "etcd2": "passed", "etcd3": "passed"}


STRAIN = StrainFact(
    name="etcd1", db_size=20 * MIB, db_size_in_use=2 * MIB, quota=2048 * MIB, fsync_p99_s=0.02, leader_changes=1,
    up_s=3600,
)  # fmt: skip


@pytest.mark.parametrize(
    ("strain", "told"),
    [
        (STRAIN, "passed"),
        (replace(STRAIN, alarms=("NOSPACE",)), "the alarm NOSPACE is raised"),
        (replace(STRAIN, db_size=1966 * MIB, db_size_in_use=1900 * MIB), "96% of its quota are used"),
        (replace(STRAIN, quota=0), "it tells no quota that its size could be held against"),
        # So etcd tells that none is kept.
        (replace(STRAIN, quota=-1), "it tells no quota that its size could be held against"),
        (replace(STRAIN, quota=-1, alarms=("CORRUPT",)), "the alarm CORRUPT is raised"),
        (replace(STRAIN, db_size=400 * MIB, db_size_in_use=101 * MIB), "25% of its file are in use"),
        (replace(STRAIN, db_size=400 * MIB, db_size_in_use=99 * MIB), "passed"),
        (replace(STRAIN, fsync_p99_s=0.61), "one sync of its log in a hundred takes 0.61 s or longer"),
        (replace(STRAIN, fsync_p99_s=None), "passed"),
        (replace(STRAIN, leader_changes=4, up_s=600), "it saw 4 leaders in 10 minutes"),
        (replace(STRAIN, leader_changes=3, up_s=60), "passed"),
        (replace(STRAIN, leader_changes=40, up_s=30 * 86400), "passed"),
        (replace(STRAIN, leader_changes=3, up_s=None), "passed"),
        (replace(STRAIN, leader_changes=4, up_s=None), "it saw 4 leaders, and does not tell in what time"),
        (replace(STRAIN, leader_changes=4, up_s=None, alarms=("CORRUPT",)), "the alarm CORRUPT is raised"),
    ],
)
def test_strain(strain: StrainFact, told: str) -> None:
    assert judge("etcd-strained", strain=(strain,)) == {"etcd1": told}


@pytest.mark.parametrize(
    ("name", "fact", "value"),
    [
        ("etcd-members-agree", "members", MemberFact(name="etcd1", silence="it is down")),
        ("etcd-strained", "strain", StrainFact(name="etcd1", silence="it is down")),
    ],
)
def test_of_a_member_that_tells_nothing_nobody_can_tell(name: str, fact: str, value: object) -> None:
    (found,) = find_check(name).apply(Facts(CLUSTER, read={fact: (value,)}))
    assert (found.resource, found.verdict) == ("etcd1", Verdict.UNKNOWN)
    assert found.reason == "it tells nothing: it is down"


BACKUPS = BackupFact(place="s3://backups", newest=after(hours=-3), drilled=after(days=-2))


def verdicts(backups: BackupFact) -> dict[str, Judgement]:
    found = find_check("etcd-backup-and-drill").apply(Facts(CLUSTER, read={"backups": backups}))
    return {one.resource: one for one in found}


@pytest.mark.parametrize(
    ("backups", "newest", "drill"),
    [
        (BACKUPS, "passed", "passed"),
        (BackupFact(place="", newest=None), "etcd was never backed up", "no backup was ever restored for a trial"),
        (replace(BACKUPS, newest=None), "none lies in s3://backups any more", "passed"),
        (replace(BACKUPS, newest=after(hours=-25)), "it is 25 hours old: that is what would be lost", "passed"),
        (replace(BACKUPS, newest=after(days=-9)), "it is 9 days old: that is what would be lost", "passed"),
        (replace(BACKUPS, drilled=None), "passed", "no backup was ever restored for a trial"),
        (replace(BACKUPS, drill_findings=("keys differ",)), "passed", "the last one found: keys differ"),
        (replace(BACKUPS, drilled=after(days=-31)), "passed", "the last one was 31 days ago"),
    ],
)
def test_backups_and_drills(backups: BackupFact, newest: str, drill: str) -> None:
    assert judge("etcd-backup-and-drill", backups=backups) == {"newest backup": newest, "restore drill": drill}


def test_of_a_drill_of_backups_on_another_computer_nobody_can_tell() -> None:
    found = verdicts(replace(BACKUPS, drilled=None, unread="they lie elsewhere"))
    assert found["restore drill"].verdict is Verdict.UNKNOWN
    assert found["newest backup"].verdict is Verdict.PASSED


BUCKET = BucketFact(name="backups", encryption="aws:kms", versioned=True, closed=True, locked=True)


@pytest.mark.parametrize(
    ("bucket", "amiss"),
    [
        (BUCKET, {}),
        (replace(BUCKET, encryption=""), {"backups: encryption": "nothing encrypts it"}),
        (replace(BUCKET, versioned=False), {"backups: versioning": "no old version is kept"}),
        (replace(BUCKET, locked=False), {"backups: object lock": "whoever may write may delete"}),
        (replace(BUCKET, closed=False), {"backups: public access": "it can be made public"}),
    ],
)
def test_bucket_of_backups(bucket: BucketFact, amiss: dict[str, str]) -> None:
    told = judge("backup-bucket-protected", backups=BACKUPS, backup_bucket=bucket)
    assert len(told) == 4
    assert {name: why for name, why in told.items() if why != "passed"} == amiss


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("", "etcd was never backed up: no bucket protects it"),
        ("/srv/backups", "the last backup lies in the folder /srv/backups: no bucket protects it"),
    ],
)
def test_backups_in_no_bucket(place: str, told: str) -> None:
    backups = BackupFact(place=place, newest=None)
    assert judge("backup-bucket-protected", backups=backups, backup_bucket=None) == {"backups": told}
