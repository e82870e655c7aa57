"""Pins: found, compared, written beside the operator's own comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_world import World, surrounding_world
from support.http_answers import Reply

from fleetkit.origins import PagesArchive
from fleetkit.workflows import pin
from fleetkit.workflows.pin import pin_cluster

OLD = "sha256:" + "1" * 64


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        yield found


def test_what_changed_is_told_and_written_and_comments_stay(world: World) -> None:
    file = world.write(**{"pins.etcd_image": f"quay.io/coreos/etcd@{OLD}"})
    file.write_text(file.read_text(encoding="utf-8").replace("[pins]", "[pins]  # reviewed by Ada"), encoding="utf-8")
    result = pin_cluster(world.open())
    (change,) = result.changes
    assert (change.path, change.before) == ("pins.etcd_image", f"quay.io/coreos/etcd@{OLD}")
    assert change.after == world.pins["pins.etcd_image"]
    assert result.written
    assert "[pins]  # reviewed by Ada" in file.read_text(encoding="utf-8")
    assert world.open().cluster.pins.etcd_image == change.after


def test_a_second_time_there_is_nothing_to_change(world: World) -> None:
    file = world.write()
    before = file.read_bytes()
    result = pin_cluster(world.open())
    assert (result.changes, result.failed, result.written) == ((), {}, False)
    assert set(result.unchanged) == set(world.pins)
    assert file.read_bytes() == before


def test_a_check_writes_nothing(world: World) -> None:
    file = world.write(**{"images.ubuntu": "ami-0b0b0b0b"})
    before = file.read_bytes()
    result = pin_cluster(world.open(), write=False)
    assert [change.path for change in result.changes] == ["images.ubuntu"]
    assert not result.written
    assert file.read_bytes() == before


def test_what_cannot_be_resolved_leaves_its_pin_and_the_others_are_written(world: World) -> None:
    world.write(**{"pins.etcd_image": f"quay.io/coreos/etcd@{OLD}", "images.flatcar": ""})
    world.replies["/v2/coreos/etcd/manifests/v3.5.33"] = Reply(status=500)
    result = pin_cluster(world.open())
    assert list(result.failed) == ["pins.etcd_image"]
    cluster = world.open().cluster
    assert cluster.pins.etcd_image == f"quay.io/coreos/etcd@{OLD}"
    assert cluster.images.flatcar == world.pins["images.flatcar"]


def test_pages_are_pinned_where_they_are_asked_for_and_pinned_anew_ever_after(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = iter(["1" * 64, "2" * 64])
    monkeypatch.setattr(pin, "build_pages_archive", lambda: PagesArchive(sha256=next(built), content=b""))
    world.write()
    assert pin_cluster(world.open()).changes == ()
    first = {change.path: change.after for change in pin_cluster(world.open(), pages=True).changes}
    image = world.pins["pins.etcd_image"].replace("quay.io/coreos/etcd", "public.ecr.aws/docker/library/python")
    assert first == {"pins.python_image": image, "pins.pages_sha256": "1" * 64}
    (change,) = pin_cluster(world.open()).changes
    assert (change.path, change.after) == ("pins.pages_sha256", "2" * 64)


def test_without_the_image_the_archive_is_not_pinned_either(world: World) -> None:
    world.write()
    world.replies["/v2/docker/library/python/manifests/3.11-slim"] = Reply(status=500)
    result = pin_cluster(world.open(), pages=True)
    assert (list(result.failed), result.changes) == (["pins.pages_sha256"], ())
    assert world.open().cluster.pins.pages_sha256 == ""
