"""What Terraform is told, and that it is what the root module asks for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.cluster_files import make_cluster

from fleetkit.config import terraform_variables
from fleetkit.core import ClusterFileError

ROOT = Path(__file__).parents[2]
TOLD = {"bucket": "fleetkit-demo-123456789012-us-west-2", "account_id": "123456789012"}


def test_the_root_module_is_told_exactly_the_variables_that_it_declares() -> None:
    text = (ROOT / "terraform" / "variables.tf").read_text(encoding="utf-8")
    declared = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    assert set(terraform_variables(make_cluster(), **TOLD)) == declared


def test_the_variables_are_plain_json_and_carry_the_clusters_values() -> None:
    variables = terraform_variables(make_cluster(), termination_protection=False, **TOLD)
    assert json.loads(json.dumps(variables)) == variables
    assert variables["masters"]["etcd2"] == {"zone": "us-west-2b", "address": "10.10.4.100"}
    assert variables["network"]["create"] is True
    assert variables["pools"]["public"]["maximum"] == 95
    assert variables["termination_protection"] is False
    assert variables["access"] == "bastion"


def test_the_deploy_hosts_mark_is_looked_for_where_there_is_a_bucket_to_look_into() -> None:
    found = {there: terraform_variables(make_cluster(), bucket_exists=there, **TOLD) for there in (True, False)}
    assert {there: told["deploy_host"]["look_for_mark"] for there, told in found.items()} == {True: True, False: False}


def test_no_reference_to_a_secret_reaches_terraform() -> None:
    cluster = make_cluster(
        **{
            "secrets.token": "ssm:/fleetkit/demo/canary",
            "pools.internal.secrets": ["token"],
            "registries": [{"name": "quay.io", "user": "ada", "password": "ssm:/fleetkit/demo/canary"}],
        }
    )
    assert terraform_variables(cluster, **TOLD) == terraform_variables(make_cluster(), **TOLD)


def test_images_that_are_not_pinned_are_refused_with_the_way_to_pin_them() -> None:
    with pytest.raises(ClusterFileError, match=r"(?s)images\.ubuntu: missing.*fleetkit pin demo"):
        terraform_variables(make_cluster(**{"images.ubuntu": ""}), **TOLD)
