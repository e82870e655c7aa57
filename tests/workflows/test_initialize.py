"""A new cluster file: what was found out is in it, what was not is a gap, and nothing is overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_world import World, surrounding_world
from support.http_answers import Reply

from fleetkit.config import load_cluster
from fleetkit.core import ClusterFileError, SettingsError
from fleetkit.workflows.initialize import Answers, Initialized, initialize

TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        yield found


def start(world: World, name: str = "demo", **answers: str) -> Initialized:
    return initialize(name, folder=world.folder, settings=world.settings, answers=Answers(**answers), today=TODAY)


def test_where_everything_is_found_out_the_file_needs_no_edit(world: World) -> None:
    result = start(world)
    assert result.unknown == {}
    cluster = load_cluster("demo", folder=world.folder, today=TODAY)
    assert cluster.region == "us-west-2"
    assert cluster.zones == ("us-west-2a", "us-west-2b", "us-west-2c")
    assert cluster.operator_cidr == "198.51.100.7/32"
    assert cluster.key_name == "fleetkit"
    assert cluster.pins.etcd_image == world.pins["pins.etcd_image"]
    assert (cluster.images.flatcar, cluster.images.ubuntu) == (
        world.pins["images.flatcar"],
        world.pins["images.ubuntu"],
    )
    assert [master.address for master in cluster.masters.values()] == ["10.10.3.100", "10.10.4.100", "10.10.5.100"]
    assert cluster.pins.fleet_sha256 == world.pins["pins.fleet_sha256"]
    assert {waiver.until for waiver in cluster.waivers} == {dt.date(2027, 2, 20)}


def test_what_could_not_be_found_out_is_a_gap_with_its_reason(world: World) -> None:
    world.session.client("ec2").create_key_pair(KeyName="another")
    world.replies["/address"] = Reply(status=503)
    result = start(world)
    assert set(result.unknown) == {"key_name", "operator_cidr"}
    text = result.file.read_text(encoding="utf-8")
    assert '# key_name = "…"  could not be found out: us-west-2 has 2 key pairs' in text
    assert "another, fleetkit" in text
    with pytest.raises(ClusterFileError) as caught:
        load_cluster("demo", folder=world.folder, today=TODAY)
    assert [line.partition(":")[0] for line in caught.value.problems] == ["operator_cidr", "key_name"]


def test_pins_that_cannot_be_resolved_are_left_to_pin(world: World) -> None:
    world.replies.clear()
    result = start(world, operator_cidr="203.0.113.0/24")
    assert set(result.unknown) == {"pins.etcd_image", "pins.fleet_archive", "pins.fleet_sha256"}
    assert load_cluster("demo", folder=world.folder, today=TODAY).pins.etcd_image == ""


def test_without_credentials_a_file_of_gaps_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = start(world)
    assert {"zones", "masters", "key_name", "images.flatcar"} <= set(result.unknown)
    assert "NoCredentialsError" in result.unknown["zones"]
    assert result.found["operator_cidr"] == "198.51.100.7/32"


def test_what_the_operator_says_is_not_asked_for(world: World) -> None:
    world.replies["/address"] = Reply(status=503)
    result = start(world, operator_cidr="203.0.113.0/24", key_name="mine", region="us-west-2")
    assert result.unknown == {}
    cluster = load_cluster("demo", folder=world.folder, today=TODAY)
    assert (cluster.operator_cidr, cluster.key_name) == ("203.0.113.0/24", "mine")


def test_a_bad_answer_is_refused_and_nothing_is_written(world: World) -> None:
    with pytest.raises(ClusterFileError, match="whole internet"):
        start(world, operator_cidr="0.0.0.0/0")
    assert not (world.folder / "clusters").exists()


def test_a_file_that_exists_stays_as_it_is(world: World) -> None:
    start(world)
    file = world.folder / "clusters" / "demo.toml"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(ClusterFileError, match="exists already"):
        start(world)
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["Demo", "d", "demo-", "../demo", "internal-web", "a" * 21])
def test_a_name_that_cannot_be_one_is_refused(world: World, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be a cluster's name"):
        start(world, name)
