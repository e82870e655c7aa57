"""The guide of an upgrade, over real members: what it plans, and what it verifies where nothing is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.etcd_cluster import EtcdCluster
from support.ui_bench import guided_in

from fleetkit.runs import Way
from fleetkit.ui import UpgradeGuide
from fleetkit.views import UPGRADE_STEPS
from fleetkit.workflows import AppliedUpgrade, VerifiedUpgrade, upgrading

pytestmark = pytest.mark.sandbox

IMAGE = f"quay.io/coreos/etcd@sha256:{'1' * 64}"


class LoopbackMachine:
    """A master whose etcd runs the pinned image already."""

    def __init__(self, **_known: object) -> None:
        """Take what a master's machine takes."""

    def read_image(self) -> str:
        return IMAGE


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdCluster]:
    with EtcdCluster(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
def folder(etcd: EtcdCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(upgrading, "open_way_in", etcd.open_way)
    monkeypatch.setattr(upgrading, "MasterMachine", LoopbackMachine)
    with emulated_aws():
        yield tmp_path


def guide_in(folder: Path, version: str) -> UpgradeGuide:
    write_cluster(folder, **{"pins.etcd_version": version, "pins.etcd_image": IMAGE})
    guided = guided_in(folder, way=Way.UNATTENDED, approve="demo", steps=UPGRADE_STEPS)
    return UpgradeGuide(guided, backup_to="", accept_flaws=False)


def test_members_that_run_the_version_need_nothing_and_are_verified(folder: Path) -> None:
    guide = guide_in(folder, "3.5.1")
    assert "Nothing to upgrade: all 3 members of demo run etcd 3.5.1" in str(guide.plan())
    guide.approve()
    applied, verified = guide.apply(), guide.verify()
    assert isinstance(applied, AppliedUpgrade)
    assert applied.done == ()
    assert isinstance(verified, VerifiedUpgrade)
    assert verified.summary == "all 3 members of demo are well, run etcd 3.5.1 and hold the same"


def test_members_that_run_another_version_are_planned_for_with_the_way_back(folder: Path) -> None:
    planned = str(guide_in(folder, "3.5.34").plan())
    assert "This brings 3 members of demo to etcd 3.5.34, one by one" in planned
    assert "back to 3.5.1 at any time" in planned
