"""A master that the file names and etcd does not is told from one that a deploy still has to make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from support.aws_world import surrounding_world

from fleetkit.aws import Instance
from fleetkit.core import PreconditionError
from fleetkit.workflows import Workspace
from fleetkit.workflows._strange_masters import check_all_named, find_strange_masters
from fleetkit.workflows.supplying import ensure_certificates, supply_bucket

THREE = ("etcd1", "etcd2", "etcd3")
CASES: list[tuple[Sequence[str], Sequence[str], Sequence[str]]] = [
    (THREE, THREE, ()),
    (THREE, (*THREE, "etcd4", "etcd5"), ("etcd4", "etcd5")),
    (THREE[:1], THREE, ()),
    (THREE[:1], (*THREE, "etcd4", "etcd5"), ("etcd4", "etcd5")),
    (("etcd1", "etcd2"), ("etcd1", "etcd2", "etcd4"), ("etcd4",)),
    ((), (*THREE, "etcd4", "etcd5"), ()),
]
NAMES = ["nothing changed", "grown", "cut off", "cut off and grown", "renamed", "nothing there yet"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Give a cluster of three whose machines have been told of each other."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch, surrounding_world(folder, patch) as world:
        world.write()
        found = world.open()
        supply_bucket(found, ensure_certificates(found))
        yield found


def naming(workspace: Workspace, names: Sequence[str]) -> Workspace:
    """Return the workspace with a cluster file that names these masters."""
    some = next(iter(workspace.cluster.masters.values()))
    masters = {name: workspace.cluster.masters.get(name, some) for name in names}
    return replace(workspace, cluster=workspace.cluster.model_copy(update={"masters": masters}))


def machine(member: str, *, state: str = "running") -> Instance:
    """Return a master's machine."""
    return Instance(
        instance_id=f"i-{member}", role="master", name=f"demo-{member}", zone="", state=state, instance_type="",
        image_id="", private_address="", public_address="", subnet_id="", launched=dt.datetime.now(dt.UTC),
        tags={"fleetkit:member": member},
    )  # fmt: skip


@pytest.mark.parametrize(("there", "named", "strange"), CASES, ids=NAMES)
def test_strange_is_who_has_no_machine_and_whom_a_master_with_one_was_not_told_of(
    workspace: Workspace, there: Sequence[str], named: Sequence[str], strange: Sequence[str]
) -> None:
    found = find_strange_masters(naming(workspace, named), [machine(name) for name in there])
    assert found == tuple(strange)


def test_a_machine_that_is_going_vouches_for_nobody(workspace: Workspace) -> None:
    grown = naming(workspace, (*THREE, "etcd4", "etcd5"))
    assert find_strange_masters(grown, [machine("etcd1", state="shutting-down")]) == ()


def test_where_nothing_was_ever_put_nobody_is_strange(workspace: Workspace) -> None:
    grown = naming(workspace, (*THREE, "etcd4"))
    assert find_strange_masters(grown, [machine("etcd9")]) == ()
    without_bucket = replace(grown, cluster=grown.cluster.model_copy(update={"name": "other"}))
    assert find_strange_masters(without_bucket, [machine("etcd1")]) == ()


def test_a_master_that_the_file_does_not_name_is_refused_unless_it_is_going(workspace: Workspace) -> None:
    shrunk = naming(workspace, THREE[:1])
    check_all_named(shrunk, [machine("etcd1"), machine("etcd2", state="terminated")])
    check_all_named(naming(workspace, (*THREE, "etcd4")), [machine(name) for name in THREE])
    with pytest.raises(PreconditionError, match=r"etcd2, etcd3\n.*fleetkit etcd resize demo"):
        check_all_named(shrunk, [machine(name) for name in THREE])
