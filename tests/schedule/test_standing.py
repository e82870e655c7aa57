"""What may be scheduled: what only looks, and changes that somebody has looked at."""

from __future__ import annotations

import pytest

from fleetkit.core import ApprovalMissingError, PreconditionError, SettingsError
from fleetkit.runs import find_notebook, list_notebooks, read_parameters
from fleetkit.schedule import Unattended, read_unattended, require_schedulable

SHA256 = "ab" * 32
NOTEBOOKS = [notebook.name for notebook in list_notebooks()]


def asks(name: str) -> bool:
    return "approve" in {parameter.name for parameter in read_parameters(find_notebook(name).read())}


def require(name: str, approve: str) -> None:
    unattended = read_unattended(find_notebook(name).read())
    require_schedulable(name, unattended, asks=asks(name), approve=approve, cluster="demo")


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if asks(name)])
def test_a_notebook_that_changes_things_is_refused_without_an_approval(name):
    with pytest.raises(PreconditionError):
        require(name, "")


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if asks(name)])
def test_the_clusters_name_approves_only_what_says_so_of_itself(name):
    if name == "38-sync-names":
        require(name, "demo")
    else:
        with pytest.raises(PreconditionError):
            require(name, "demo")


@pytest.mark.parametrize("approve", [SHA256, "clusters/demo/approvals/deploy-ab4639dc93d6.json"])
def test_what_approves_one_plan_is_taken_but_not_for_what_loses_data(approve):
    require("10-deploy-cluster", approve)
    for name in ("41-restore-etcd", "90-destroy-cluster"):
        with pytest.raises(PreconditionError, match="is not run with nobody there"):
            require(name, approve)


def test_a_notebook_that_only_looks_needs_no_approval_and_takes_none():
    for name in NOTEBOOKS:
        if not asks(name):
            require(name, "")
            with pytest.raises(SettingsError, match="asks for no approval"):
                require(name, "demo")


@pytest.mark.parametrize("approve", ["yes", "other", "ab4639"])
def test_what_approves_nothing_is_told(approve):
    with pytest.raises(SettingsError, match="approves nothing"):
        require("10-deploy-cluster", approve)


def test_a_missing_approval_says_what_would_do():
    with pytest.raises(ApprovalMissingError, match="--approve demo"):
        require("38-sync-names", "")


def test_a_word_that_is_not_known_is_refused():
    node = find_notebook("38").read()
    assert read_unattended(node) is Unattended.STANDING
    node.metadata["fleetkit"] = {"unattended": "always"}
    with pytest.raises(SettingsError, match="legal: standing, one plan, never"):
        read_unattended(node)
