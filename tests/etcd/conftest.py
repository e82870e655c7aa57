"""A real etcd of one member, and its two stores; started only where a test asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.etcd_cluster import EtcdCluster

from fleetkit.etcd import KeyStore, Store, V2Keys, V3Keys


@pytest.fixture(scope="module")
def one_member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    """Run one member: quorums are no matter here."""
    with EtcdCluster(tmp_path_factory.mktemp("etcd"), size=1) as running:
        yield running


@pytest.fixture
def v2(one_member: EtcdCluster) -> V2Keys:
    return V2Keys(endpoints=one_member.endpoints(), tls=one_member.tls)


@pytest.fixture
def v3(one_member: EtcdCluster) -> V3Keys:
    return V3Keys(endpoints=one_member.endpoints(), tls=one_member.tls)


@pytest.fixture(params=list(Store))
def keys(request: pytest.FixtureRequest) -> KeyStore:
    return request.getfixturevalue(request.param.value)
