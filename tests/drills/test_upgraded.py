"""An upgrade on machines that boot: over SSH and docker, from the bucket, under the writer, with its record."""

from __future__ import annotations

from typing import Any

import pytest
from support.by_hand import lead_by_hand, page
from support.drill_ground import MEMBERS, DrillGround
from support.e2e_world import CLUSTER, run_notebook
from support.lab_browser import chromium
from support.lab_by_hand import lab_by_hand

from fleetkit.runs import EventKind

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

IMAGE = "/etc/fleetkit/images.env"
OTHER = f"gcr.io/etcd-development/etcd@sha256:{'5' * 64}"
"""An image of the same version under another digest."""


def test_an_image_of_another_version_is_found_out_before_any_member_is_stopped(ground: DrillGround) -> None:
    ended = ground.world.fleetkit("etcd", "upgrade", CLUSTER, "--no-backup", "--approve", CLUSTER).must(1)
    assert "is not etcd 3.5.33" in ended.text
    assert "done before that: none" in ended.text
    assert ground.world.health()["verdict"] == "healthy"


def test_members_run_the_pinned_image_one_after_the_other_and_a_deploy_finds_nothing_to_change(
    ground: DrillGround,
) -> None:
    world, led = ground.world, ground.leader()
    world.edit('# etcd_version = "3.5.33"', 'etcd_version = "3.5.1"')
    world.fleetkit("pin", CLUSTER).must(0)
    ground.writer.wait_for_more()
    told = run_notebook(world, "upgrade-etcd", "--approve", CLUSTER, code=0)
    ground.writer.wait_for_more()
    changes = [data for kind, data in told if kind is EventKind.CHANGE]
    done = [one["member"] for one in changes if one["what"] == "upgrade"]
    assert sorted(done) == ["etcd1", "etcd2", "etcd3"]
    assert done[0] != led
    (image,) = {one["image"] for one in changes if one["what"] == "upgrade"}
    for name in done:
        ground.run_on(name, f"grep -qx ETCD_IMAGE={image} {IMAGE} && docker inspect etcd | grep -q {image}")
    ground.writer.stop()
    try:
        assert ground.writer.find_lost().count == 0
    finally:
        ground.writer.start()
    assert "No changes" in world.fleetkit("plan", CLUSTER).must(0).text
    again = world.fleetkit("etcd", "upgrade", CLUSTER, "--json").must(0).json()
    assert again["applied"]["done"] == []


def test_another_image_of_the_version_that_runs_is_brought_by_hand(ground: DrillGround, page: Any) -> None:
    world = ground.world
    world.edit(r"^etcd_image = .*$", f'etcd_image = "{OTHER}"')
    ground.writer.wait_for_more()
    with lab_by_hand(world, CLUSTER) as lab:
        guide = lead_by_hand(world, page, lab, "operate/31-upgrade-etcd.ipynb", button="Upgrade")
    assert all(name in guide.text("Apply") for name in MEMBERS)
    for name in MEMBERS:
        ground.run_on(name, f"grep -qx ETCD_IMAGE={OTHER} {IMAGE} && docker inspect etcd | grep -q {OTHER}")
    ground.writer.wait_for_more()
