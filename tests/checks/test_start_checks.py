"""The checks of what machines start from: user data, images, Systems Manager, and pools as fleet has them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from fleetkit.checks import (
    Facts,
    GivenFact,
    ImageFact,
    PoolFact,
    TargetGroupFact,
    Verdict,
    find_check,
)

from .test_catalogue import CLUSTER
from .test_compute_checks import POOL, WORKER, judge

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"
ACCESS_KEY = "AKIA" + "Q7" * 8


def given(**texts: str) -> tuple[GivenFact, ...]:
    return (
        GivenFact(
            resource="etcd1", resource_id="i-1", texts={name.replace("_", "."): text for name, text in texts.items()}
        ),
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ETCD_NAME=etcd1\nETCD_DATA_DIR=/var/lib/etcd\n", ""),
        ("ExecStart=/usr/bin/fetch --secret ssm:/fleetkit/demo/token", ""),
        ("PASSWORD=${PASSWORD}", ""),
        ("password = /run/secrets/db", ""),
        ("secret=vault:kv/demo#token", ""),
        (f"key {ACCESS_KEY}", "an AWS access key"),
        ("Environment=DB_PASSWORD=hunter2hunter2", "a password"),
        ('{"api_key": "abcdef123456"}', "a password"),
        ("AGE-SECRET-KEY-1" + "Q" * 58, "a key of age"),
        # What stands in files of its own is another check's, and hides nothing beside it.
        (KEY, ""),
        (f"DB_PASSWORD=hunter2hunter2\n{KEY}", "a password"),
    ],
)
def test_secrets_in_user_data(text: str, kind: str) -> None:
    told = judge("user-data-secret", given=given(a_env=text))
    assert told == {"etcd1": f"it holds {kind} in a.env" if kind else "passed"}


@pytest.mark.parametrize(
    ("place", "text", "kind"),
    [
        ("etc_pem", KEY, "a private key"),
        ("etc_json", '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNzd29yZA=="}}}', "a registry credential"),
        ("_dockercfg", "something", "a registry credential"),
        ("_dockercfg", "{}", ""),
        ("etc_pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ""),
        ("etc_env", "DB_PASSWORD=hunter2hunter2", ""),
    ],
)
def test_keys_and_credentials_of_registries_in_user_data(place: str, text: str, kind: str) -> None:
    told = judge("user-data-registry-or-key", given=given(**{place: text}))
    assert told == {"etcd1": f"it holds {kind} in {place.replace('_', '.')}" if kind else "passed"}


@pytest.mark.parametrize("check", ["user-data-secret", "user-data-registry-or-key"])
def test_what_is_found_in_user_data_is_named_and_never_shown(check: str) -> None:
    facts = Facts(CLUSTER, read={"given": given(a_env=f"{ACCESS_KEY} {KEY}")})
    (found,) = find_check(check).apply(facts)
    assert ACCESS_KEY not in repr(found) + repr(facts.given)
    assert "MHcCAQEE" not in repr(found) + repr(facts.given)
    assert set(found.evidence) == {"places"}


def day(month: int, number: int = 1) -> dt.datetime:
    return dt.datetime(2026, month, number, tzinfo=dt.UTC)


IMAGE = ImageFact(
    image_id="ami-1", machines=("etcd1",), name="Flatcar-stable-4593.2.5-hvm", available=True, created=day(8, 13),
    newest="Flatcar-stable-4593.2.5-hvm", newest_created=day(8, 13),
)  # fmt: skip


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (IMAGE, "passed"),
        (replace(IMAGE, created=day(5, 20)), "passed"),
        (
            replace(IMAGE, name="Flatcar-stable-4459.2.4-hvm", created=day(5, 12)),
            "Flatcar-stable-4459.2.4-hvm is 93 days older than Flatcar-stable-4593.2.5-hvm; of etcd1",
        ),
        (
            replace(IMAGE, name="", created=None),
            "its publisher has withdrawn it: no machine can be started from it any more; of etcd1",
        ),
        (
            replace(IMAGE, name="CoreOS-stable-2512.3.0-hvm"),
            "CoreOS Container Linux has had no updates since May 2020; of etcd1",
        ),
        (
            replace(IMAGE, available=False),
            "no machine can be started from Flatcar-stable-4593.2.5-hvm; of etcd1",
        ),
        (
            replace(IMAGE, deprecated=day(11, 1)),
            "Flatcar-stable-4593.2.5-hvm is deprecated since 2026-11-01; of etcd1",
        ),
        (replace(IMAGE, deprecated=day(12, 1)), "passed"),
    ],
)
def test_images(image: ImageFact, told: str) -> None:
    assert judge("image-outdated", images=(image,)) == {"ami-1": told}


def test_of_an_image_of_somebody_unknown_nobody_can_tell() -> None:
    strange = replace(IMAGE, name="golden-7", newest="", newest_created=None)
    (found,) = find_check("image-outdated").apply(Facts(CLUSTER, read={"images": (strange,)}))
    assert found.verdict is Verdict.UNKNOWN


def test_systems_manager() -> None:
    machines = (WORKER, replace(WORKER, instance_id="i-2", resource="public i-2"))
    told = judge("instance-managed-by-ssm", machines=machines, managed=frozenset({"i-1"}))
    assert told == {"public i-1": "passed", "public i-2": "Systems Manager hears nothing of it"}


FULL = replace(POOL, desired=2, in_service=2, instance_ids=("i-1", "i-2"), target_groups=frozenset({"arn:web"}))
WEB = TargetGroupFact(
    arn="arn:web", resource="public-web", target_ids=frozenset({"i-1", "i-2"}), healthy_ids=frozenset({"i-1", "i-2"})
)
ELSEWHERE = TargetGroupFact(arn="arn:ui", resource="fleet-ui", target_ids=frozenset({"i-9"}))


@pytest.mark.parametrize(
    ("pool", "registered", "group", "told"),
    [
        (FULL, {"10.10.1.1", "10.10.1.2"}, WEB, "passed"),
        (
            replace(FULL, in_service=1), {"10.10.1.1", "10.10.1.2"}, WEB,
            "1 in service, 2 in fleet, 2 healthy for public-web, of 2 desired",
        ),
        (FULL, {"10.10.1.1"}, WEB, "2 in service, 1 in fleet, 2 healthy for public-web, of 2 desired"),
        (
            FULL, {"10.10.1.1", "10.10.1.2"}, replace(WEB, healthy_ids=frozenset({"i-2"})),
            "2 in service, 2 in fleet, 1 healthy for public-web, of 2 desired",
        ),
        # Nothing of it is a target where it is to be one.
        (
            FULL, {"10.10.1.1", "10.10.1.2"}, replace(WEB, target_ids=frozenset(), healthy_ids=frozenset()),
            "2 in service, 2 in fleet, 0 healthy for public-web, of 2 desired",
        ),
        (
            replace(FULL, target_groups=frozenset()), {"10.10.1.1", "10.10.1.2"}, ELSEWHERE,
            "2 in service, 2 in fleet, 0 behind a load balancer, of 2 desired",
        ),
        # What somebody put them into counts too.
        (replace(FULL, target_groups=frozenset()), {"10.10.1.1", "10.10.1.2"}, WEB, "passed"),
        # A machine that fleet has and no pool is nobody's gain.
        (FULL, {"10.10.1.1", "10.10.9.9"}, WEB, "2 in service, 1 in fleet, 2 healthy for public-web, of 2 desired"),
    ],
)  # fmt: skip
def test_pools_in_fleet_and_behind_load_balancers(
    pool: PoolFact, registered: set[str], group: TargetGroupFact, told: str
) -> None:
    machines = (WORKER, replace(WORKER, instance_id="i-2", private_address="10.10.1.2"))
    read: dict[str, Any] = {
        "machines": machines, "pools": (pool,), "registered": frozenset(registered),
        "target_groups": (group, ELSEWHERE),
    }  # fmt: skip
    assert judge("pool-desired-healthy-registered", **read) == {"public": told}


def test_of_a_pool_without_a_scaling_group_nobody_can_tell_how_full_it_is() -> None:
    read: dict[str, Any] = {"machines": (), "pools": (), "registered": frozenset(), "target_groups": ()}
    facts = Facts(replace(CLUSTER, pools={"public": 3}), read=read)
    (found,) = find_check("pool-desired-healthy-registered").apply(facts)
    assert (found.resource, found.verdict) == ("public", Verdict.UNKNOWN)
