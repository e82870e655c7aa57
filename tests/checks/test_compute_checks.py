"""The checks of machines and pools, each on a cluster that passes and on one that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetkit.checks import Facts, MachineFact, PoolFact, Verdict, VolumeFact, find_check

from .test_catalogue import CLUSTER

WORKER = MachineFact(
    instance_id="i-1", resource="public i-1", role="public", member="", zone="a", state="running",
    private_address="10.10.1.1", public_address="", subnet_id="subnet-1", group_ids=(), key_name="one",
    http_tokens="required", hop_limit=1,
)  # fmt: skip
POOL = PoolFact(resource="public", group_name="demo-public", has_template=True, zones=("a", "b"), health_check="ELB")


def judge(name: str, **read: Any) -> dict[str, str]:
    """Return each resource to why it fails; of those that pass, that they do."""
    found = find_check(name).apply(Facts(CLUSTER, read=read))
    assert found, "a check says at least one thing"
    # That nothing is there is told of the cluster, and has nothing to show.
    assert all(one.evidence for one in found if one.resource != CLUSTER.name)
    return {one.resource: "passed" if one.verdict is Verdict.PASSED else one.reason for one in found}


@pytest.mark.parametrize(
    ("tokens", "hops", "told"),
    [
        ("required", 1, "passed"),
        ("optional", 1, "it answers without a token"),
        ("", 0, "it answers without a token"),
        ("required", 2, "its answers go 2 hops far"),
    ],
)
def test_instance_metadata(tokens: str, hops: int, told: str) -> None:
    machine = replace(WORKER, http_tokens=tokens, hop_limit=hops)
    assert judge("instance-metadata-v2", machines=(machine,)) == {"public i-1": told}


def test_volumes() -> None:
    plain = VolumeFact(volume_id="vol-1", machine="etcd1", encrypted=False)
    volumes = (plain, replace(plain, volume_id="vol-2", encrypted=True))
    assert judge("volume-encrypted", volumes=volumes) == {"etcd1 vol-1": "it is not encrypted", "etcd1 vol-2": "passed"}


def test_termination_protection() -> None:
    told = judge("master-termination-protection", protection={"etcd1": True, "etcd2": False})
    assert told == {"etcd1": "passed", "etcd2": "anybody who may end machines may end it"}


def test_public_addresses() -> None:
    public = replace(WORKER, public_address="203.0.113.9")
    others = (replace(public, role="bastion", resource="bastion"), replace(public, role="master", resource="etcd1"))
    told = judge("public-address-beyond-bastion", machines=(public, replace(WORKER, resource="public i-2"), *others))
    assert told == {"public i-1": "it has the public address 203.0.113.9", "public i-2": "passed"}


def test_where_operators_come_over_a_vpn_a_bastion_is_no_exception() -> None:
    left = replace(WORKER, role="bastion", resource="bastion", public_address="203.0.113.9")
    facts = Facts(replace(CLUSTER, has_bastion=False, vpn_cidr="10.8.0.0/16"), read={"machines": (left,)})
    (found,) = find_check("public-address-beyond-bastion").apply(facts)
    assert (found.resource, found.verdict) == ("bastion", Verdict.FAILED)


def test_key_pairs() -> None:
    machines = (WORKER, replace(WORKER, role="master"), replace(WORKER, key_name="two"), replace(WORKER, key_name=""))
    told = judge("key-pair-shared-by-roles", machines=machines)
    assert told == {"one": "it opens machines of master, public", "two": "passed"}


@pytest.mark.parametrize(
    ("pool", "amiss"),
    [
        (POOL, {}),
        (replace(POOL, has_template=False), {"public: launch template": "it has no launch template"}),
        (replace(POOL, zones=("a",)), {"public: zones": "it is in a alone"}),
        (replace(POOL, zones=()), {"public: zones": "it is in no zone alone"}),
        (replace(POOL, health_check="EC2"), {"public: health check": "its load balancer is not asked"}),
    ],
)
def test_scaling_groups(pool: PoolFact, amiss: dict[str, str]) -> None:
    told = judge("pool-scaling-group", pools=(pool,))
    assert len(told) == 3
    assert {name: why for name, why in told.items() if why != "passed"} == amiss


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("instance-metadata-v2", {"machines": ()}),
        ("volume-encrypted", {"volumes": ()}),
        ("public-address-beyond-bastion", {"machines": ()}),
        ("key-pair-shared-by-roles", {"machines": ()}),
    ],
)
def test_where_nothing_is_there_nobody_can_tell(name: str, read: dict[str, Any]) -> None:
    (found,) = find_check(name).apply(Facts(CLUSTER, read=read))
    assert (found.resource, found.verdict) == ("demo", Verdict.UNKNOWN)


@pytest.mark.parametrize("name", ["public-address-beyond-bastion", "key-pair-shared-by-roles"])
def test_where_machines_are_and_none_of_those_that_are_meant_it_says_so(name: str) -> None:
    assert judge(name, machines=(replace(WORKER, role="master", key_name=""),)) == {"demo": "passed"}


@pytest.mark.parametrize(
    ("name", "read", "told"),
    [
        ("master-termination-protection", {"protection": {}}, {"etcd1": "its machine is not there"}),
        ("pool-scaling-group", {"pools": ()}, {"public": "its scaling group is not there"}),
    ],
)
def test_of_what_is_meant_to_be_there_and_is_not_nobody_can_tell(
    name: str, read: dict[str, Any], told: dict[str, str]
) -> None:
    found = find_check(name).apply(Facts(replace(CLUSTER, pools={"public": 3}), read=read))
    assert {one.resource: one.reason for one in found} == told
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
