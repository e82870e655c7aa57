"""The reference page says every field, and where each variable of the system before has gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetkit.config import outline_fields, render_reference_page

PAGE = (Path(__file__).parents[2] / "docs" / "cluster-file.md").read_text(encoding="utf-8")

# The variables of fleet-microservices-cluster and of vpc-in-a-box, in both of its revisions.
ORIGINAL = [
    "access_key",
    "secret_key",
    "key_name",
    "key_file",
    "name",
    "yourPubIP",
    "vpc-cidr",
    "region",
    "azs",
    "MasterIPazA",
    "MasterIPazB",
    "MasterIPazC",
    "vpc",
    "public_subnets",
    "private_subnets",
    "master_instance_size",
    "worker_instance_size",
    "sshuttle_instance_size",
    "num_workers",
    "num_priv_workers",
    "coreos_amis",
    "sshuttle_amis",
]
VPC_IN_A_BOX = [
    "cidr",
    "enable_dns_hostnames",
    "enable_dns_support",
    "nat_gateways_count",
    "az_count",
    "profile",
    "split_bits",
    "name",
    "azs",
    "region",
]


def test_the_page_says_every_field_as_the_schema_has_it() -> None:
    assert render_reference_page() in PAGE


@pytest.mark.parametrize("name", sorted({*ORIGINAL, *VPC_IN_A_BOX}))
def test_every_variable_of_the_original_has_its_place(name: str) -> None:
    rows = [line for line in PAGE.splitlines() if re.match(rf"\|[^|]*`{re.escape(name)}`[^|]*\|", line)]
    assert rows, f"{name} is nowhere in the table of the original's variables"


def test_every_field_stands_there_once() -> None:
    paths = [outline.path for outline in outline_fields()]
    assert sorted(set(paths)) == sorted(paths)
