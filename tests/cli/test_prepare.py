"""``init``, ``pin`` and ``preflight`` as commands: what they print, and what they exit with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws_world import World, surrounding_world
from support.http_answers import Reply

from fleetkit.cli import main


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with surrounding_world(tmp_path, monkeypatch) as found:
        monkeypatch.chdir(tmp_path)
        for name, value in found.environ.items():
            monkeypatch.setenv(name, value)
        yield found


def test_init_prints_the_file_alone_and_exits_0(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "demo"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{world.folder}/clusters/demo.toml\n"
    assert "fleetkit preflight demo" in said.err


def test_init_with_gaps_names_them_and_exits_3(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.replies["/address"] = Reply(status=503)
    assert main(["init", "demo"]) == 3
    assert "not found out: operator_cidr" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["init", "Demo"], ["init"], ["preflight", "nobody"], ["pin", "nobody"]])
def test_wrong_use_exits_2_and_writes_nothing(world: World, arguments: list[str]) -> None:
    assert main(arguments) == 2
    assert not (world.folder / "clusters").exists()


def test_a_wrong_file_exits_2_with_every_problem(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    file = world.write()
    file.write_text(file.read_text(encoding="utf-8").replace("desired = 3", "desired = 96"), encoding="utf-8")
    assert main(["preflight"]) == 2
    assert "pools.public.desired: saw 96" in capsys.readouterr().err


def test_pin_tells_before_and_after_and_check_exits_3(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write(**{"images.ubuntu": "ami-0b0b0b0b"})
    assert main(["pin", "--check"]) == 3
    assert capsys.readouterr().out == f"images.ubuntu: ami-0b0b0b0b -> {world.pins['images.ubuntu']}\n"
    assert main(["pin"]) == 0
    capsys.readouterr()
    assert main(["pin", "demo"]) == 0
    assert capsys.readouterr().out == "No changes.\n"


def test_pin_exits_1_when_something_cannot_be_resolved(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write()
    world.replies.clear()
    assert main(["pin", "--json"]) == 1
    said = capsys.readouterr()
    assert set(json.loads(said.out)["failed"]) == {"pins.etcd_image", "pins.fleet_sha256"}
    assert "HTTP 404" in said.err


def test_preflight_exits_by_its_lines(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write()
    assert main(["preflight", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert {"check_id", "status", "seen", "mend", "unread"} == set(told["lines"][0])
    world.write(key_name="nobody")
    assert main(["preflight"]) == 3
    assert "failure  key-pair" in capsys.readouterr().out
    world.replies.clear()
    assert main(["preflight"]) == 1
