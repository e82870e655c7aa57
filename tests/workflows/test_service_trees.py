"""The trees of etcd have the healthy instances alone, and what is somebody else's is left."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.kept_keys import KeptKeys

from fleetkit.core import EtcdError
from fleetkit.etcd import Store, StoredKey
from fleetkit.fleet import Health, JudgedInstance, Probe, ServiceInstance, UnreadService
from fleetkit.workflows._done_keys import DoneKeys
from fleetkit.workflows._service_trees import ServiceTrees, TreeDifference, change_trees, compare_trees

HEALTHY, UNHEALTHY, UNKNOWN = Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN
FOLDER = "/services/internal/web"
Tree = dict[str, str | None]
"""Each path to its value; None for a directory."""


def judged(
    address: str = "10.10.1.1", health: Health = HEALTHY, *, name: str = "web", role: str = "internal", port: int = 80
) -> JudgedInstance:
    instance = ServiceInstance(name=name, unit="a", address=address, port=port, probe=Probe(), role=role)
    return JudgedInstance(instance=instance, health=health, reason="" if health is HEALTHY else "no answer")


def read(tree: Tree, *, expiring: Iterable[str] = ()) -> ServiceTrees:
    keys = {
        path: StoredKey(
            store=Store.V2, key=path.encode(), is_dir=value is None, revision=7,
            content=None if value is None else value.encode(), ttl_s=30 if path in expiring else None,
        )
        for path, value in tree.items()
    }  # fmt: skip
    marks = {path.rpartition("/")[0]: one for path, one in keys.items() if path.endswith("/_fleetkit")}
    return ServiceTrees(keys={path: one for path, one in keys.items() if "/_" not in path}, marks=marks)


def carry_out(tree: Tree, difference: TreeDifference) -> Tree:
    after = dict(tree)
    for change in difference.changes:
        if change.after is not None:
            after.setdefault(change.key.rpartition("/")[0], None)
            after[change.key] = change.after
    for change in sorted(difference.changes, key=lambda one: one.key.split("/"), reverse=True):
        if change.after is None:
            # etcd removes no directory that holds something.
            assert not any(path.startswith(f"{change.key}/") for path in after)
            del after[change.key]
    return after


def ours(*addresses: str) -> Tree:
    return {FOLDER: None, f"{FOLDER}/_fleetkit": "x", **{f"{FOLDER}/{one}": f"{one}:80" for one in addresses}}


def test_instances_come_into_the_tree_of_their_machines_with_a_mark() -> None:
    found = compare_trees([judged(), judged("10.10.2.1", role="public"), judged("10.10.1.2", UNHEALTHY)], read({}))
    assert [str(one) for one in found.changes] == [
        "create /services/internal/web/_fleetkit: heritage=fleetkit",
        "create /services/web/web/_fleetkit: heritage=fleetkit",
        "create /services/internal/web/10.10.1.1: 10.10.1.1:80",
        "create /services/web/web/10.10.2.1: 10.10.2.1:80",
    ]
    assert found.findings == ()


def test_what_is_ill_goes_and_what_is_wrong_or_would_expire_is_made_right() -> None:
    tree = {**ours("10.10.1.1", "10.10.1.2", "10.10.1.3"), f"{FOLDER}/10.10.1.1": "10.10.1.1:81"}
    found = compare_trees(
        [judged(), judged("10.10.1.2", UNHEALTHY), judged("10.10.1.3")],
        read(tree, expiring=[f"{FOLDER}/10.10.1.3"]),
    )
    assert [str(one) for one in found.changes] == [
        f"change {FOLDER}/10.10.1.1: 10.10.1.1:80",
        f"change {FOLDER}/10.10.1.3: 10.10.1.3:80",
        f"remove {FOLDER}/10.10.1.2",
    ]


def test_without_a_healthy_instance_keys_stay_until_their_going_is_asked_for() -> None:
    trees = read(ours("10.10.1.1"))
    for instances in ([], [judged(health=UNHEALTHY)]):
        found = compare_trees(instances, trees)
        assert found.changes == ()
        assert found.findings == (f"{FOLDER} stays as it is, for web has no healthy instance",)
        assert carry_out(ours("10.10.1.1"), compare_trees(instances, trees, remove_last=True)) == {}


def test_one_that_could_not_be_asked_is_left_as_it_is() -> None:
    trees = read(ours("10.10.1.1"))
    unknown = [judged(health=UNKNOWN), judged("10.10.1.2", UNKNOWN)]
    assert compare_trees(unknown, trees, remove_last=True).changes == ()
    assert [one.key for one in compare_trees([*unknown, judged("10.10.1.3")], trees).changes] == [f"{FOLDER}/10.10.1.3"]


def test_a_service_of_which_an_instance_may_be_unread_is_left_whatever_is_asked_for() -> None:
    unread = [UnreadService(name="web", unit="web@2.service", seen="Port is '0'")]
    found = [judged("10.10.1.2"), judged(name="api")]
    changes = compare_trees(found, read(ours("10.10.1.1")), remove_last=True, unread=unread).changes
    assert {one.key.rpartition("/")[0] for one in changes} == {"/services/internal/api"}


@pytest.mark.parametrize(
    "tree",
    [
        {FOLDER: None, f"{FOLDER}/10.10.9.9": "10.10.9.9:80"},
        {FOLDER: "a value"},
        {**ours("10.10.1.1"), f"{FOLDER}/more": None},
    ],
    ids=["unmarked", "no-directory", "a-directory-in-it"],
)
def test_what_is_somebody_elses_is_left(tree: Tree) -> None:
    found = compare_trees([judged("10.10.1.2")], read(tree))
    assert found.changes == ()
    assert "web is left as it is in etcd" in found.findings[0]


def test_a_directory_that_is_nobodys_and_holds_nothing_is_taken() -> None:
    found = compare_trees([judged()], read({FOLDER: None}))
    assert [str(one) for one in found.changes] == [
        f"create {FOLDER}/_fleetkit: heritage=fleetkit",
        f"create {FOLDER}/10.10.1.1: 10.10.1.1:80",
    ]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_removal_that_is_cut_off_leaves_a_directory_ours_until_all_its_instances_are_gone(cut: int) -> None:
    paths = (f"{FOLDER}/10.10.1.1", f"{FOLDER}/10.10.1.2", f"{FOLDER}/_fleetkit")
    store = KeptKeys.of(dict.fromkeys(paths, b"x"), store=Store.V2)
    keys = {path: store.get(path.encode()) for path in (FOLDER, *paths)}
    mark = keys.pop(paths[-1])
    changes = compare_trees([], ServiceTrees(keys=keys, marks={FOLDER: mark}), remove_last=True).changes
    uncut = iter(range(cut))

    def break_off() -> None:
        if next(uncut, None) is None:
            raise EtcdError("no member answers", transient=True)

    store.before_change = break_off
    done = DoneKeys()
    with pytest.raises(EtcdError, match=f"no member answers: {cut} of 4 were done before it") as failed:
        change_trees(store, changes, done=done)
    assert failed.value.transient
    assert [one.name for one in done.deleted] == [paths[1], paths[0], paths[2]][:cut]


instances = st.lists(
    st.builds(
        judged,
        st.sampled_from(["10.10.1.1", "10.10.1.2", "10.10.1.3"]),
        st.sampled_from(list(Health)),
        name=st.sampled_from(["web", "api"]),
        role=st.sampled_from(["internal", "public"]),
        port=st.sampled_from([80, 81]),
    ),
    max_size=6,
    unique_by=lambda one: one.instance,
)
trees = st.sampled_from(
    [{}, {FOLDER: None}, ours("10.10.1.1"), ours("10.10.1.1", "10.10.1.9"), ours(), {FOLDER: None, f"{FOLDER}/a": "b"}]
)


@given(instances, trees, st.booleans())
def test_twice_changes_nothing_and_a_directory_without_a_mark_is_never_touched(
    found: list[JudgedInstance], tree: Tree, remove_last: bool
) -> None:
    after = carry_out(tree, compare_trees(found, read(tree), remove_last=remove_last))
    assert compare_trees(found, read(after), remove_last=remove_last).changes == ()
    if f"{FOLDER}/_fleetkit" not in tree:
        assert tree.items() <= after.items()
