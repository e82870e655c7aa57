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
ONCE, FEW, MANY = 42, 2, 20


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


def test_ten_times_the_workers_take_no_more_than_what_is_reckoned_for_each(tmp_path: Path) -> None:
    few, calls_of_few, told_of_few = measure(tmp_path / "few", FEW)
    many, calls_of_many, told = measure(tmp_path / "many", MANY)
    assert (few, many) == (27, 63)
    assert told["ec2:DescribeInstanceAttribute"] >= 2 * MANY
    # The last backup, the state, and of twelve trials ten.
    assert told["s3:GetObject"] == 2 + MOST_PROOFS == 12
    assert told["iam:GetInstanceProfile"] == told_of_few["iam:GetInstanceProfile"] == 4
    # What is not for resources is as it is told, so that the budget's spare calls are spare.
    assert calls_of_few <= ONCE + CALLS_PER_RESOURCE * few
    assert ONCE < CALLS_BESIDES
    assert calls_of_many - calls_of_few <= CALLS_PER_RESOURCE * (many - few)


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
