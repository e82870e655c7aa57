"""An audit makes no more calls than its budget for each resource of the cluster, and none for what others have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.audited_cluster import (
    add_foreign_machines,
    make_audited_cluster,
    make_operator,
    seed_cluster_images,
)
from support.aws_moto import emulated_aws
from support.cluster_files import make_cluster

from fleetkit.aws import AwsSession
from fleetkit.checks import FACT_NAMES
from fleetkit.workflows import Workspace, audit_cluster, reckon_audit_budget
from fleetkit.workflows._audit_budget import CALLS_BESIDES, CALLS_PER_RESOURCE, count_resources
from fleetkit.workflows._audit_etcd import MOST_PROOFS
from fleetkit.workflows._audit_reading import read_facts

INSIDE = {"members", "registered", "strain", "tls"}
"""Facts for which etcd and fleet are asked; nothing of them is here."""
ONCE = 42
"""Calls that are made once, whatever the size."""
FEW, MANY = 2, 20
"""Workers in each pool."""


def count_calls(workspace: Workspace) -> dict[str, int]:
    """Return the calls for all facts; it must not pass for few that some could not be made."""
    with workspace.session.counting() as calls:
        facts = read_facts(workspace, FACT_NAMES - {"operator_address"})
    assert facts.unread.keys() == INSIDE
    return dict(calls.made)


@contextlib.contextmanager
def audited(folder: Path, workers: int) -> Iterator[tuple[AwsSession, Workspace]]:
    """Give a cluster in an emulated AWS, and a session beside its own."""
    with emulated_aws() as session, pytest.MonkeyPatch.context() as patch:
        seed_cluster_images()
        for name, value in make_operator(session).items():
            patch.setenv(name, value)
        yield session, make_audited_cluster(session, folder, workers=workers)


def measure(folder: Path, workers: int, *, foreign: int = 0) -> tuple[int, int, dict[str, int]]:
    """Return the resources of a cluster, the calls that an audit of it made, and those by their actions."""
    with audited(folder, workers) as (session, workspace):
        if foreign:
            add_foreign_machines(session, foreign)
        calls = count_calls(workspace)
    return count_resources(workspace.cluster), sum(calls.values()), calls


def reckon_calls(workers: int) -> int:
    """Return what an audit needs at the most, each kind of resource as `CALLS_PER_RESOURCE` tells of it."""
    masters, bastion, pools, balancers, target_groups, roles = 3, 1, 2, 4, 5, 4
    machines = 2 * masters + bastion + pools * workers
    return ONCE + machines + pools + 2 * balancers + 2 * target_groups + 4 * roles


@pytest.mark.parametrize("workers", [FEW, MANY])
def test_an_audit_makes_the_calls_that_are_told_for_each_resource_and_no_more(tmp_path: Path, workers: int) -> None:
    resources, made, told = measure(tmp_path, workers)
    assert resources == 23 + 2 * workers
    assert made <= reckon_calls(workers) <= CALLS_BESIDES + CALLS_PER_RESOURCE * resources
    # What is reckoned was asked for: it must not pass for few that something was left out.
    assert told["ec2:DescribeInstanceAttribute"] == 2 * 3 + 1 + 2 * workers
    assert told["iam:GetInstanceProfile"] == 4
    # The last backup, the state, and of twelve trials ten.
    assert told["s3:GetObject"] == 2 + MOST_PROOFS == 12


@pytest.mark.slow  # moto takes its time for a thousand machines
def test_what_others_have_costs_nothing_more(tmp_path: Path) -> None:
    _, _, alone = measure(tmp_path / "alone", FEW)
    _, _, crowded = measure(tmp_path / "crowded", FEW, foreign=1000)
    assert crowded == alone


def test_the_budget_is_that_of_the_cluster_file_unless_somebody_gives_another(tmp_path: Path) -> None:
    with audited(tmp_path, 1) as (_, workspace):
        found = audit_cluster(workspace, checks=["vpc-flow-logs"])
        assert found.budget == reckon_audit_budget(workspace.cluster)
        assert found.cost == f"2 calls to AWS, of {60 + 2 * 25} that it might have made"
        assert audit_cluster(workspace, checks=["vpc-flow-logs"], budget=7).budget == 7


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({}, 0),
        ({"pools.public.maximum": 15}, -80),
        ({"deploy_host.enabled": True}, 3),
        ({"access": "vpn", "vpn_cidr": "10.99.0.0/16"}, -3),
    ],
)
def test_pools_are_reckoned_as_full(change: dict[str, object], more: int) -> None:
    assert count_resources(make_cluster(**change)) - count_resources(make_cluster()) == more
