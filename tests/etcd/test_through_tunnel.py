"""Health through an open tunnel: names are checked, failures are explained, and it is mended with the tunnel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.etcd_cluster import EtcdCluster
from support.ssh_server import SshServer

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import ClusterHealth, Endpoint, EtcdLimits, Trouble, Verdict, read_health
from fleetkit.ssh import Forward, Tunnel, TunnelState

pytestmark = pytest.mark.sandbox

PATIENCE = Patience(deadline_s=20, interval_s=0.05)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as running:
        yield running


@pytest.fixture
def bastion(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "bastion") as running:
        yield running


def open_tunnel(cluster: EtcdCluster, bastion: SshServer) -> Tunnel:
    forwards = [Forward(name=one.name, host=one.address, port=one.port) for one in cluster.endpoints()]
    return Tunnel(bastion.target, forwards, access=bastion.access)


def endpoints(cluster: EtcdCluster, tunnel: Tunnel) -> tuple[Endpoint, ...]:
    return tuple(replace(one, port=tunnel.local_address(one.name)[1]) for one in cluster.endpoints())


def look(cluster: EtcdCluster, tunnel: Tunnel, *, limit_s: float = 2.0) -> ClusterHealth:
    return read_health(
        endpoints(cluster, tunnel), tls=cluster.tls, limits=EtcdLimits(total_s=limit_s), explain=tunnel.explain
    )


def test_members_are_healthy_through_the_tunnel_and_crossed_ports_are_noticed(
    cluster: EtcdCluster, bastion: SshServer
) -> None:
    with open_tunnel(cluster, bastion) as tunnel:
        health = look(cluster, tunnel)
        assert (health.verdict, health.tolerates) == (Verdict.HEALTHY, 1)
        assert all(member.id for member in health.members)
        first, second, third = endpoints(cluster, tunnel)
        crossed = (replace(first, port=second.port), replace(second, port=first.port), third)
        troubles = [member.trouble for member in read_health(crossed, tls=cluster.tls).members]
        assert troubles == [Trouble.NAME_MISMATCH, Trouble.NAME_MISMATCH, None]


def test_a_member_that_is_down_is_told_by_what_the_bastion_saw(cluster: EtcdCluster, bastion: SshServer) -> None:
    with open_tunnel(cluster, bastion) as tunnel:
        down = next(name for name in cluster.members if name != cluster.leader())
        cluster.kill(down)
        try:
            health = look(cluster, tunnel)
            ill = next(member for member in health.members if member.name == down)
            assert health.verdict is Verdict.DEGRADED
            assert ill.trouble is Trouble.DOWN
            assert "the bastion could not connect to 127.0.0.1" in ill.reason
        finally:
            cluster.start(down)
            cluster.wait_healthy()


def test_health_comes_back_with_the_bastion_on_the_same_ports(cluster: EtcdCluster, bastion: SshServer) -> None:
    with open_tunnel(cluster, bastion) as tunnel:
        before = endpoints(cluster, tunnel)
        bastion.kill()
        wait_until(
            lambda: True if tunnel.state is TunnelState.LOST else NotYet("open"), what="the loss", patience=PATIENCE
        )
        lost = look(cluster, tunnel, limit_s=1)
        assert not any(member.healthy for member in lost.members)
        assert all("the tunnel is lost" in member.reason for member in lost.members)
        bastion.start()
        wait_until(
            lambda: True if tunnel.state is TunnelState.OPEN else NotYet("lost"), what="the tunnel", patience=PATIENCE
        )
        assert endpoints(cluster, tunnel) == before
        assert look(cluster, tunnel).verdict is Verdict.HEALTHY
