"""What a backup reads of real members: the v3 snapshot is etcdctl's own, and the v2 tree comes back as it was."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.e2e_world import etcdctl_program
from support.etcd_cluster import EtcdCluster

from fleetkit.core import EtcdError, FleetkitError, SettingsError
from fleetkit.etcd import (
    EtcdLimits,
    V2Root,
    V2Tree,
    export_tree,
    get_key,
    hash_backend,
    list_members,
    put_tree,
    read_both_stores,
    read_sample,
    save_snapshot,
)
from fleetkit.etcd._answers import Answer
from fleetkit.etcd._http import Call, make_context

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        yield running


def ask(cluster: EtcdCluster, method: str, path: str, body: Any = None, **form: str) -> Answer:
    with Call(cluster.endpoints()[0], context=make_context(cluster.tls), deadline=time.monotonic() + 10) as call:
        answer = call.ask(method, path, body, form=form or None)
    assert answer.status in (200, 201), answer
    return answer


def fill(cluster: EtcdCluster, *, keys: int, size_bytes: int) -> None:
    """Put keys with values that do not repeat, a hundred at once."""

    def put(number: int) -> dict[str, Any]:
        key, value = f"key{number:05}".encode(), os.urandom(size_bytes)
        return {"requestPut": {"key": base64.b64encode(key).decode(), "value": base64.b64encode(value).decode()}}

    for start in range(0, keys, 100):
        ask(cluster, "POST", "/v3/kv/txn", {"success": [put(number) for number in range(start, start + 100)]})


def etcdutl_status(file: Path) -> dict[str, int]:
    program = Path(etcdctl_program()).with_name("etcdutl")
    ended = subprocess.run(
        [program, "snapshot", "status", file, "-w", "json"], capture_output=True, text=True, check=True, timeout=60
    )
    return dict(json.loads(ended.stdout))


def test_the_revision_of_an_empty_store_is_read_from_its_snapshot(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd", size=1) as fresh:
        ours = save_snapshot(fresh.endpoints()[0], tmp_path / "fresh.db", tls=fresh.tls)
    assert ours.revision == etcdutl_status(ours.path)["revision"]


@pytest.mark.parametrize(("keys", "size_bytes"), [(100, 10), (1500, 2000)])
def test_a_snapshot_is_the_one_that_etcdctl_saves(
    cluster: EtcdCluster, tmp_path: Path, keys: int, size_bytes: int
) -> None:
    fill(cluster, keys=keys, size_bytes=size_bytes)
    ours = save_snapshot(cluster.endpoints()[0], tmp_path / "ours.db", tls=cluster.tls)
    theirs = tmp_path / "theirs.db"
    assert cluster.etcdctl("snapshot", "save", str(theirs)).returncode == 0
    expected = etcdutl_status(theirs)
    assert etcdutl_status(ours.path) == expected
    assert (ours.revision, ours.size_bytes) == (expected["revision"], theirs.stat().st_size)
    assert expected["totalKey"] > keys
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours.db", "theirs.db"]


def test_a_member_that_is_down_leaves_the_file_as_it_was(cluster: EtcdCluster, tmp_path: Path) -> None:
    target = tmp_path / "kept.db"
    target.write_bytes(b"what was there")
    with pytest.raises(EtcdError, match="nothing listens"):
        save_snapshot(replace(cluster.endpoints()[0], port=1), target, tls=cluster.tls)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


def test_a_disk_that_is_full_is_named_and_nothing_stays(cluster: EtcdCluster, tmp_path: Path) -> None:
    (tmp_path / ".full.db.part").symlink_to("/dev/full")
    with pytest.raises(FleetkitError, match=r"full\.db cannot be written: No space left") as caught:
        save_snapshot(cluster.endpoints()[0], tmp_path / "full.db", tls=cluster.tls)
    assert not isinstance(caught.value, EtcdError)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(cluster: EtcdCluster, tmp_path: Path) -> None:
    with pytest.raises(FleetkitError, match="cannot be written: No such file"):
        save_snapshot(cluster.endpoints()[0], tmp_path / "none" / "x.db", tls=cluster.tls)


def test_the_v2_tree_is_read_with_hidden_roots_directories_and_times_to_live(cluster: EtcdCluster) -> None:
    ask(cluster, "PUT", "/v2/keys/app/name", value="fleet & co, é")
    ask(cluster, "PUT", "/v2/keys/app/empty", dir="true")
    ask(cluster, "PUT", "/v2/keys/_coreos.com/fleet/lease", value="mine", ttl="500")
    index = ask(cluster, "PUT", "/v2/keys/_coreos.com/fleet/job/a.service", value="").index
    last = ask(cluster, "GET", "/v2/keys/?quorum=true").index
    tree = export_tree(cluster.endpoints()[0], roots=("/", "/_coreos.com", "/_none"), tls=cluster.tls)
    found = {node.key: node for node in tree.nodes()}
    assert found["/app/name"].value == "fleet & co, é"
    assert found["/app/empty"].is_dir
    assert not found["/_coreos.com/fleet/job/a.service"].is_dir
    assert 0 < (found["/_coreos.com/fleet/lease"].ttl_s or 0) <= 500
    assert [root.node is None for root in tree.roots] == [False, False, True]
    assert 0 < index <= last <= tree.index
    assert V2Tree.from_json(tree.to_json()) == tree


def test_a_tree_is_put_back_as_it_was_and_twice(cluster: EtcdCluster, tmp_path: Path) -> None:
    ask(cluster, "PUT", "/v2/keys/app/name", value="one\ntwo")
    ask(cluster, "PUT", "/v2/keys/app/empty%20too", dir="true")
    ask(cluster, "PUT", "/v2/keys/_coreos.com/fleet/lease", value="mine", ttl="500")
    tree = export_tree(cluster.endpoints()[0], tls=cluster.tls)
    with EtcdCluster(tmp_path / "other", size=1) as other:
        written = put_tree(other.endpoints()[0], tree, tls=other.tls)
        assert written == len([node for node in tree.nodes() if node.key != "/"])
        put_tree(other.endpoints()[0], tree, tls=other.tls)
        again = export_tree(other.endpoints()[0], tls=other.tls)
        assert get_key(other.endpoints(), "/_coreos.com/fleet/lease", tls=other.tls).ttl_s is not None
        ask(other, "PUT", "/v2/keys/app/name", value="newer")
        assert put_tree(other.endpoints()[0], tree, overwrite=False, tls=other.tls) == 0
        assert get_key(other.endpoints(), "/app/name", tls=other.tls).value == "newer"

    def plain(one: V2Tree) -> dict[str, tuple[bool, str]]:
        return {node.key: (node.is_dir, node.value) for node in one.nodes()}

    assert plain(again) == plain(tree)


def test_no_root_at_all_is_refused(cluster: EtcdCluster) -> None:
    with pytest.raises(SettingsError, match="no root"):
        export_tree(cluster.endpoints()[0], roots=(), tls=cluster.tls)


def test_both_stores_over_one_connection_are_what_each_is_alone(
    cluster: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cluster, keys=100, size_bytes=3000)
    ask(cluster, "PUT", "/v2/keys/_coreos.com/fleet/job/b.service", value="here")
    (endpoint,) = cluster.endpoints()
    opened: list[str] = []
    dial = Call._dial
    monkeypatch.setattr(Call, "_dial", lambda call: opened.append(call.name) or dial(call))
    both = read_both_stores(endpoint, tmp_path / "both.db", tls=cluster.tls)
    assert opened == [endpoint.name]
    alone = save_snapshot(endpoint, tmp_path / "alone.db", tls=cluster.tls)
    assert both.snapshot.revision == alone.revision
    with both.snapshot.path.open("rb") as ours, alone.path.open("rb") as theirs:
        assert hash_backend(ours) == hash_backend(theirs)
    assert both.sample == read_sample(endpoint, revision=alone.revision, tls=cluster.tls)
    assert both.members == list_members([endpoint], tls=cluster.tls)
    tree = export_tree(endpoint, tls=cluster.tls)
    assert [(root.root, root.node) for root in both.tree.roots] == [(root.root, root.node) for root in tree.roots]


def test_no_root_at_all_is_refused_before_a_snapshot_is_taken(cluster: EtcdCluster, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no root"):
        read_both_stores(cluster.endpoints()[0], tmp_path / "both.db", roots=(), tls=cluster.tls)
    assert list(tmp_path.iterdir()) == []


def test_a_member_without_quorum_does_not_answer_for_the_tree(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd") as three:
        three.kill("etcd2")
        three.kill("etcd3")
        with pytest.raises(EtcdError, match="etcd1"):
            export_tree(three.endpoints()[0], tls=three.tls, limits=EtcdLimits(total_s=1))


def test_a_tree_that_is_none_is_refused() -> None:
    with pytest.raises(EtcdError, match="no JSON"):
        V2Tree.from_json(b"{")
    assert V2Tree(roots=(V2Root(root="/", index=3, node=None),)).keys == 0
