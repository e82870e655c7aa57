"""A backup holds both stores of a real cluster, and asks the member that suits it best."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.config import Etcd
from fleetkit.core import EtcdError
from fleetkit.etcd import EtcdLimits, read_backup
from fleetkit.etcd._http import Call, make_context
from fleetkit.workflows import Reporter, back_up, open_backup_place

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as running:
        with Call(running.endpoints()[0], context=make_context(running.tls), deadline=time.monotonic() + 10) as call:
            call.post("/v3/kv/put", {"key": base64.b64encode(b"a").decode(), "value": base64.b64encode(b"1").decode()})
            call.ask("PUT", "/v2/keys/_coreos.com/fleet/job/a.service/object", form={"value": "x"})
        yield running


def test_both_stores_are_in_it_with_what_there_is_to_know(cluster: EtcdCluster, tmp_path: Path) -> None:
    facts = []
    place = open_backup_place("demo", str(tmp_path))
    report = Reporter(record=lambda _kind, seen: facts.append(seen))
    taken = back_up(cluster.endpoints(), place, tls=cluster.tls, report=report)
    (kept,) = place.list_backups()
    assert (kept, kept.state) == (taken.kept, "unproven")
    archive = read_backup(Path(taken.address), cluster="demo")
    manifest = archive.manifest
    assert manifest == taken.manifest
    assert manifest.revision == kept.name.revision == 2
    assert (manifest.sample.keys, list(manifest.sample.values)) == (1, [base64.b64encode(b"a").decode()])
    assert "/_coreos.com/fleet/job/a.service/object" in {node.key for node in archive.tree.nodes()}
    assert [member.name for member in manifest.members] == ["etcd1", "etcd2", "etcd3"]
    assert set(manifest.versions.values()) == {"3.5.1"}
    assert [fact["about"] for fact in facts] == ["backup"]
    assert "at revision 2: 1 keys, and 1 in the v2 store" in taken.summary


def test_the_leader_is_spared_where_a_follower_will_do(cluster: EtcdCluster, tmp_path: Path) -> None:
    place = open_backup_place("demo", str(tmp_path))
    leader = cluster.leader()
    assert back_up(cluster.endpoints(), place, tls=cluster.tls).manifest.member != leader
    alone = [one for one in cluster.endpoints() if one.name == leader]
    assert back_up(alone, place, tls=cluster.tls).manifest.member == leader


def test_without_a_quorum_nothing_is_kept(tmp_path: Path) -> None:
    with EtcdCluster(tmp_path / "etcd", size=1) as gone:
        endpoints, tls = gone.endpoints(), gone.tls
    place = open_backup_place("demo", str(tmp_path / "kept"))
    with pytest.raises(EtcdError, match=r"no member of etcd can be backed up: none answers\n.*etcd health"):
        back_up(endpoints, place, tls=tls, limits=EtcdLimits(total_s=1))
    assert place.list_backups() == ()


def test_the_roots_are_those_of_the_cluster_file(cluster: EtcdCluster, tmp_path: Path) -> None:
    roots = Etcd(hidden_roots=("/_coreos.com", "/_ours")).v2_roots
    taken = back_up(cluster.endpoints(), open_backup_place("demo", str(tmp_path)), tls=cluster.tls, roots=roots)
    tree = read_backup(Path(taken.address)).tree
    assert [(one.root, one.node is None) for one in tree.roots] == [
        ("/", False),
        ("/_coreos.com", False),
        ("/_ours", True),
    ]
