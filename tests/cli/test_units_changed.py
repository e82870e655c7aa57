"""``fleetkit units deploy``, ``start``, ``stop`` and ``destroy`` against a fleet that really runs units."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.etcd_cluster import EtcdCluster
from support.fleet_cluster import THREE_MACHINES, FleetCluster
from support.git_repository import git, make_repository

from fleetkit.cli import main

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetCluster]:
    folder = tmp_path_factory.mktemp("fleet")
    quick = {"FLEET_AGENT_TTL": "6s", "FLEET_ENGINE_RECONCILE_INTERVAL": "1"}
    with EtcdCluster(folder / "etcd", size=1) as etcd, FleetCluster(etcd, folder / "f", **quick) as cluster:
        yield cluster.start(dict(list(THREE_MACHINES.items())[:1]))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FLEETCTL_ENDPOINT", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_folder_is_planned_deployed_stopped_and_destroyed(
    fleet: FleetCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"127.0.0.1:{fleet.any.port}"
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "web@.service").write_text("[Service]\nExecStart=/bin/sleep 100000\n")

    def run(*words: str) -> tuple[int, Any, str]:
        code = main([*words, "--json", "--steady", "1s", "--endpoint", f"http://{name}"])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    deploy = ("units", "deploy", "units", "--instances", "web@{1..2}.service")
    code, told, said = run(*deploy)
    assert (code, told["applied"]) == (4, None)
    assert [(one["name"], one["action"]) for one in told["changes"]] == [
        ("web@.service", "create"),
        ("web@1.service", "create"),
        ("web@2.service", "create"),
    ]
    assert f"--approve {name}" in said
    code, told, said = run(*deploy, "--approve", name)
    assert code == 0, said
    assert told["applied"]["done"] == ["web@.service", "web@1.service", "web@2.service"]
    assert (told["verified"]["findings"], told["verified"]["units"]) == ([], 3)
    code, told, _ = run(*deploy)
    assert (code, told["changes"], told["unchanged"]) == (0, [], 3)

    code, _, said = run("units", "stop", "web@{1..2}.service", "--approve", name)
    assert code == 0, said
    assert set(fleet.any.states().values()) == {"inactive"}
    code, _, said = run("units", "destroy", "web@{1..2}.service", "web@.service", "--approve", name)
    assert code == 0, said
    assert fleet.any.states() == {}
    code, _, said = run("units", "start", "web@1.service")
    assert code == 2
    assert "fleet knows no unit 'web@1.service'" in said


def test_a_folder_of_a_repository_is_deployed_at_the_commit_that_the_plan_names(
    fleet: FleetCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"127.0.0.1:{fleet.any.port}"
    repository = make_repository(tmp_path / "units.git")
    first, now = git(repository, "rev-parse", "v1"), git(repository, "rev-parse", "main")

    def deploy(ref: str, *words: str) -> tuple[int, str]:
        place = f"git+file://{repository}@{ref}#web"
        code = main(["units", "deploy", place, "--steady", "1s", "--endpoint", f"http://{name}", *words])
        return code, capsys.readouterr().out

    code, told = deploy("v1", "--approve", name)
    assert (code, f"git+file://{repository}@{first}#web" in told) == (0, True), told
    code, told = deploy("main")
    assert (code, f"git+file://{repository}@{now}#web" in told) == (4, True), told
    assert main(["units", "list", "--endpoint", f"http://{name}", "--files", f"git+file://{repository}@v1#web"]) == 0
    assert main(["units", "list", "--endpoint", f"http://{name}", "--files", f"git+file://{repository}#web"]) == 3
    assert "drifted" in capsys.readouterr().out
    assert main(["units", "destroy", "web.service", "--endpoint", f"http://{name}", "--approve", name]) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["units", "deploy", "nowhere"], 2, "there is no nowhere"),
        (["units", "deploy", "demo", "empty"], 2, "there is no unit file in empty"),
        (["units", "deploy", "git+http://h/units"], 2, "the scheme is 'http'"),
        (["units", "lint", "git+https://me:secret-word@h/units"], 2, "carries a password or a token"),
        (["units", "start", "web@{1..3}", "--endpoint", "http://127.0.0.1:1"], 2, "has no type"),
        (["units", "roll", "units", "--probe", "http:8080"], 2, "'http:8080' is no probe; legal: declared, http:8080/"),
        (["units", "deploy", "units", "--instances", "x", "--endpoint", "http://127.0.0.1:1"], 2, "no unit's name"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_asked(
    tmp_path: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "web.service").write_text("[Service]\nExecStart=/bin/true\n")
    assert main(words) == code
    assert said in capsys.readouterr().err
