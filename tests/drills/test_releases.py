"""Members of two releases are killed under a writer: what was acknowledged is there, and all hold the same.

A loss that shows with 3.5.1 alone is a defect of that release, which is below the floor of real machines; one that
shows with both is ours to explain. Nothing is tried again until it passes.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence

import pytest
from support.acknowledged_writes import Writer
from support.debian_etcd import fetch_debian_etcd
from support.etcd_cluster import PACKAGED, EtcdCluster

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import EtcdLimits, hash_kv, read_status

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(600)]

_PATIENCE = Patience(deadline_s=60, interval_s=0.2)
_ROUNDS = 3


@pytest.fixture(scope="module", params=["3.5.1", "3.4.23"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    """Return three members of a release, which they are asked for."""
    folder = tmp_path_factory.mktemp("release")
    program = PACKAGED if request.param == "3.5.1" else fetch_debian_etcd(folder / "debian")
    with EtcdCluster(folder / "etcd", program=program) as running:
        versions = {one.version for one in read_status(running.endpoints(), tls=running.tls).ok.values()}
        if versions != {request.param}:
            pytest.skip(f"Debian's etcd is {', '.join(versions)} here, and not {request.param}")
        yield running


@pytest.fixture(scope="module")
def writer(cluster: EtcdCluster) -> Iterator[Writer]:
    tls = cluster.tls
    assert tls.certificate is not None
    assert tls.key is not None
    context = ssl.create_default_context(cafile=str(tls.ca))
    context.load_cert_chain(tls.certificate, tls.key)
    writing = Writer([one.port for one in cluster.endpoints()], context)
    writing.start()
    yield writing
    writing.stop()


def whom(cluster: EtcdCluster, hit: str) -> Sequence[str]:
    led = cluster.leader()
    followers = [name for name in cluster.members if name != led]
    chosen = {
        "a follower": followers[:1],
        "the leader": [led],
        "the majority": [led, followers[0]],
        "all": [led, *followers],
    }
    return chosen[hit]


@pytest.mark.parametrize("hit", ["a follower", "the leader", "the majority", "all"])
def test_members_that_are_killed_lose_nothing_that_was_acknowledged(
    cluster: EtcdCluster, writer: Writer, hit: str
) -> None:
    for _ in range(_ROUNDS):
        writer.wait_for_more()
        names = whom(cluster, hit)
        for name in names:
            cluster.kill(name)
        for name in names:
            cluster.start(name)
        cluster.wait_healthy()
    writer.wait_for_more()
    writer.stop()
    try:
        lost = writer.find_lost()
        hashes = wait_until(lambda: _look(cluster), what="the members to hold the same", patience=_PATIENCE)
        assert lost.count == 0, f"acknowledged and not there: {lost}; hashes: {hashes}"
    finally:
        writer.start()


def _look(cluster: EtcdCluster) -> str | NotYet[str]:
    """Return the hashes of all members, once they agree: one that was started last may still be catching up."""
    found = hash_kv(cluster.endpoints(), tls=cluster.tls, limits=EtcdLimits(total_s=10))
    return found.text if found.agree else NotYet(found.text)
