"""What a member serves is read as it is: swapped, expired or of a CA that nobody knows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.pki_made import LONG_AGO, Pair, ca_of, issue, make_foreign_ca

from fleetkit.core import EtcdError
from fleetkit.etcd import EtcdLimits, read_served_certificates
from fleetkit.etcd._http import Call
from fleetkit.pki import CertificateFacts, parse_certificate_facts
from fleetkit.pki.names import Purpose

pytestmark = pytest.mark.sandbox

LIMIT = EtcdLimits(total_s=2.0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=2) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: EtcdCluster) -> Iterator[EtcdCluster]:
    yield running
    swap(running, Pair(running.pki.servers["etcd2"].certificate, running.pki.servers["etcd2"].key))


def swap(cluster: EtcdCluster, pair: Pair) -> None:
    """Put another certificate in the place of the second member's; etcd reads it at each handshake."""
    folder = cluster.members["etcd2"].folder / "pki"
    shutil.copyfile(pair.certificate, folder / "server.crt")
    shutil.copyfile(pair.key, folder / "server.key")


def served(cluster: EtcdCluster) -> dict[str, CertificateFacts]:
    shown = read_served_certificates(cluster.endpoints(), tls=cluster.tls, limits=LIMIT)
    assert shown.failed == {}
    return {name: parse_certificate_facts(der) for name, der in shown.ok.items()}


def test_each_member_serves_the_certificate_that_was_made_for_it(cluster: EtcdCluster) -> None:
    made = {name: files.facts().fingerprint for name, files in cluster.pki.servers.items()}
    assert {name: facts.fingerprint for name, facts in served(cluster).items()} == made


@pytest.mark.parametrize("kind", ["another", "expired", "foreign"])
def test_a_swapped_certificate_is_read_whatever_it_is(cluster: EtcdCluster, tmp_path: Path, kind: str) -> None:
    ca = make_foreign_ca(tmp_path) if kind == "foreign" else ca_of(cluster.pki)
    now = LONG_AGO if kind == "expired" else None
    pair = issue(tmp_path, "swapped", ca=ca, dns_names=("elsewhere.invalid",), purpose=Purpose.MEMBER, now=now)
    swap(cluster, pair)
    facts = served(cluster)
    assert facts["etcd1"].fingerprint == cluster.pki.servers["etcd1"].facts().fingerprint
    assert (facts["etcd2"].subject, facts["etcd2"].dns_names) == ("swapped", ("elsewhere.invalid",))


def test_a_member_that_is_down_fails_alone(cluster: EtcdCluster) -> None:
    cluster.kill("etcd2")
    try:
        shown = read_served_certificates(cluster.endpoints(), tls=cluster.tls, limits=LIMIT)
    finally:
        cluster.start("etcd2")
        cluster.wait_healthy()
    assert list(shown.ok) == ["etcd1"]
    assert isinstance(shown.failed["etcd2"], EtcdError)
    assert "down" in str(shown.failed["etcd2"])


def test_nothing_is_asked_over_a_connection_that_is_not_trusted(
    cluster: EtcdCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_words: object) -> None:
        raise AssertionError("it was asked something")

    monkeypatch.setattr(Call, "ask", ask)
    assert set(served(cluster)) == {"etcd1", "etcd2"}
