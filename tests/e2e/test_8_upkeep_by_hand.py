"""Each notebook that looks after etcd, by hand in JupyterLab, on the cluster that all share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.by_hand import WINDOW, lead_by_hand, page, run_by_hand
from support.e2e_world import CLUSTER, World, leader
from support.lab_browser import chromium, open_page, widget_errors
from support.lab_by_hand import LabByHand, lab_by_hand

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def lab(world: World) -> Iterator[LabByHand]:
    with lab_by_hand(world, CLUSTER) as served:
        yield served


def test_members_are_defragmented(world: World, lab: LabByHand, page: Any) -> None:
    parameters = f'cluster = "{CLUSTER}"\napprove = ""\ncompact = False\neverybody = True'
    guide = lead_by_hand(
        world, page, lab, "operate/32-defragment-etcd.ipynb", button="Defragment", parameters=parameters
    )
    assert all(name in guide.text("Apply") for name in ("etcd1", "etcd2", "etcd3"))


def test_certificates_of_one_member_are_rotated(world: World, lab: LabByHand, page: Any) -> None:
    parameters = f'cluster = "{CLUSTER}"\napprove = ""\nonly = "etcd2"\neverything = True\nca = False'
    guide = lead_by_hand(
        world, page, lab, "operate/33-rotate-certificates.ipynb", button="Rotate", parameters=parameters
    )
    assert "etcd2" in guide.text("Apply")


def test_a_backup_is_taken_proven_and_put_back(world: World, lab: LabByHand, chromium: Any) -> None:
    world.etcdctl("put", "by-hand", "kept").must(0)
    with open_page(chromium, viewport=WINDOW) as (page, _, _errors):
        assert "unproven" in run_by_hand(world, page, lab, "backup/40-back-up-etcd.ipynb")
    with open_page(chromium, viewport=WINDOW) as (page, _, _errors):
        assert "is proven: RPO" in run_by_hand(world, page, lab, "backup/42-drill-restore.ipynb")
    world.etcdctl("put", "by-hand", "written since").must(0)
    parameters = "\n".join(
        [
            f'cluster = "{CLUSTER}"',
            *(f'{name} = ""' for name in ("approve", "place", "backup", "origin", "identity")),
            "overwrite = True",
        ]
    )
    with open_page(chromium, viewport=WINDOW) as (page, _, errors):
        guide = lead_by_hand(world, page, lab, "backup/41-restore-etcd.ipynb", button="Restore", parameters=parameters)
        assert "1 keys of the v3 store were written since, and would be lost or older: by-hand" in guide.text("Plan")
        assert not widget_errors(errors)
    assert world.etcdctl("get", "by-hand", "--print-value-only").must(0).out.strip() == "kept"


def test_a_member_is_replaced(world: World, lab: LabByHand, page: Any) -> None:
    follower = next(name for name in ("etcd1", "etcd2", "etcd3") if name != leader(world))
    before = {one["InstanceId"] for one in world.instances_of("master")}
    parameters = f'cluster = "{CLUSTER}"\nmember = "{follower}"\napprove = ""\nanew = False'
    guide = lead_by_hand(world, page, lab, "operate/30-replace-member.ipynb", button="Replace", parameters=parameters)
    assert follower in guide.text("Plan")
    after = {one["InstanceId"] for one in world.instances_of("master")}
    assert len(after - before) == 1
    assert world.health()["verdict"] == "healthy"
