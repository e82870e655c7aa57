"""The checks of keys, roles, state, records and variables, each on what passes and on what fails."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from fleetkit.checks import BucketFact, CallerFact, Facts, KeptFact, KeyFact, RoleFact, StateFact, find_check

from .test_catalogue import CLUSTER
from .test_compute_checks import judge

ACCESS_KEY = "AKIA" + "Q7" * 8


def key(days: float, *, active: bool = True, number: int = 1) -> KeyFact:
    return KeyFact(number=number, created=CLUSTER.now - dt.timedelta(days=days), active=active)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ((), "passed"),
        ((key(90),), "passed"),
        ((key(90.1),), "an access key is 90 days old"),
        ((key(400),), "an access key is 400 days old"),
        ((key(400, active=False), key(3)), "passed"),
        ((key(3), key(5)), "2 access keys are active"),
        ((key(3), key(100)), "an access key is 100 days old"),
    ],
)
def test_access_keys(keys: tuple[KeyFact, ...], told: str) -> None:
    assert judge("access-key-old", caller=CallerFact(name="ada", keys=keys)) == {"ada": told}


def allow(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


@pytest.mark.parametrize(
    ("document", "is_admin"),
    [
        (allow(Action="s3:GetObject", Resource="arn:aws:s3:::demo/*"), False),
        (allow(Action="*", Resource="*"), True),
        (allow(Action=["s3:GetObject", "iam:*"], Resource=["*"]), True),
        (allow(Action="*", Resource="arn:aws:s3:::demo/*"), False),
        (allow(NotAction="iam:*", Resource="*"), True),
        (allow(Action="*", NotResource="arn:aws:s3:::demo/*"), True),
        (allow(Action="s3:GetObject", NotResource="arn:aws:s3:::demo/*"), False),
        (allow(Action="*", Resource="arn:*"), True),
        (allow(Action="iam:*", Resource="arn:aws:iam::123456789012:*"), True),
        (allow(Action="iam:*", Resource="arn:aws:iam::123456789012:role/demo-*"), False),
        ({"Statement": {"Effect": "Allow", "Action": "*:*", "Resource": "*"}}, True),
        ({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}, False),
        ({}, False),
    ],
)
def test_roles(document: dict[str, Any], is_admin: bool) -> None:
    role = RoleFact(resource="internal", role_name="demo-internal", policies={"read": allow(), "odd": document})
    told = judge("instance-role-admin", roles=(role,))
    assert told == {"internal": "it may do everything by odd" if is_admin else "passed"}


BUCKET = BucketFact(name="states", encryption="AES256", versioned=True, closed=True, locked=True)


def test_state_of_one_computer() -> None:
    told = judge("terraform-state-local", state=StateFact(resource="terraform.tfstate", bucket=None))
    assert told == {"terraform.tfstate": "it is a file of this computer, which nobody else has"}


@pytest.mark.parametrize(
    ("bucket", "amiss"),
    [
        (BUCKET, {}),
        (replace(BUCKET, encryption=""), {"terraform.tfstate: encryption": "nothing encrypts it"}),
        (replace(BUCKET, versioned=False), {"terraform.tfstate: versioning": "no old version is kept"}),
        (replace(BUCKET, closed=False), {"terraform.tfstate: public access": "it can be made public"}),
    ],
)
def test_state_in_a_bucket(bucket: BucketFact, amiss: dict[str, str]) -> None:
    told = judge("terraform-state-local", state=StateFact(resource="terraform.tfstate", bucket=bucket))
    assert len(told) == 3
    assert {name: why for name, why in told.items() if why != "passed"} == amiss


def test_state_and_records() -> None:
    kept = (
        KeptFact(resource="terraform.tfstate", looked_into=1, secrets={}),
        KeptFact(resource="record 1", looked_into=4, secrets={"run.json": ("a private key", "an AWS access key")}),
        KeptFact(resource="record 2", looked_into=0, secrets={}, silence="it is elsewhere"),
    )
    assert judge("secret-in-state-or-record", kept=kept) == {
        "terraform.tfstate": "passed",
        "record 1": "it holds a private key, an AWS access key in run.json",
        "record 2": "it is elsewhere",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "demo"\nkey_name = "ops"\n', "passed"),
        (f'x = "{ACCESS_KEY}"', "it holds an AWS access key"),
        ('  access_key = "anything"', "it holds an AWS key by its name"),
        ('"aws_secret_access_key": "anything"', "it holds an AWS key by its name"),
        ("  secret_key = var.key", "passed"),
        ('provider "aws" { secret_key = "anything" }', "it holds an AWS key by its name"),
        ('{"region": "us-west-2", "secret_key": "anything"}', "it holds an AWS key by its name"),
        ('no_access_key = "anything"', "passed"),
    ],
)
def test_variables(text: str, told: str) -> None:
    assert judge("static-key-in-variables", variables={"demo.toml": text}) == {"demo.toml": told}


def test_a_key_in_variables_is_named_and_never_shown() -> None:
    facts = Facts(CLUSTER, read={"variables": {"demo.toml": f'x = "{ACCESS_KEY}"'}})
    assert ACCESS_KEY not in repr(find_check("static-key-in-variables").apply(facts))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("instance-role-admin", {"roles": ()}),
        ("secret-in-state-or-record", {"kept": ()}),
        ("static-key-in-variables", {"variables": {}}),
    ],
)
def test_where_nothing_is_there_nobody_can_tell(name: str, read: dict[str, Any]) -> None:
    (found,) = find_check(name).apply(Facts(CLUSTER, read=read))
    assert (found.resource, str(found.verdict)) == ("demo", "unknown")
