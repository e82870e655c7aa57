"""``fleetkit units list | status | show`` tell the truth about units, and end as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from support.cluster_files import write_cluster
from support.fleet_replay import Replay, recorded, replay
from support.fleet_served import serve_fleet
from support.fleet_ways import put_way
from support.fleet_worlds import EMPTY, ILL, VERDICTS, World, every_verdict, ok

from fleetkit.cli import _fleetkit, main
from fleetkit.core import SshError
from fleetkit.fleet import UnitVerdict
from fleetkit.workflows import open_workspace

__all__ = ["replay"]

pytestmark = pytest.mark.usefixtures("no_fleetctl_settings")

UNITS = "/fleet/v1/units"


@pytest.fixture
def world() -> World:
    return every_verdict()


@pytest.fixture
def endpoint(world: World) -> Iterator[str]:
    with serve_fleet(world) as url:
        yield url


def keep(world: World, *names: str) -> None:
    """Leave only some units in a world, and what machines say of them."""
    for resource, key in ((UNITS, "units"), ("/fleet/v1/state", "states")):
        answer = world[resource]["json"]
        answer[key] = [one for one in answer[key] if one["name"] in names]


def test_all_units_are_listed_the_worse_first_and_the_last_line_counts_them(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["units", "list", "--endpoint", endpoint]) == 3
    head, *rows, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "VERDICT", "DESIRED", "MACHINE", "REASON"]
    found = [tuple(row.split()[:2]) for row in rows]
    order = [str(one) for one in UnitVerdict]
    assert found == sorted(found, key=lambda one: (order.index(one[1]), one[0]))
    assert {name for name, verdict in found if verdict != "running"} == set().union(*VERDICTS.values())
    assert last.startswith("24 units: 2 failed, 4 unschedulable, 1 stale, 1 poisoned, 1 orphaned, 1 drifted, 1 waiting")
    assert f"({endpoint} at 2" in last


def test_the_list_as_json_has_what_is_known_of_each_unit(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", "list", "--json", "--verdict", "failed,running", "--endpoint", endpoint]) == 3
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["asked", "at", "counts", "missing", "units"]
    assert (told["asked"], told["missing"], told["counts"]["poisoned"]) == (endpoint, [], 1)
    assert {one["verdict"] for one in told["units"]} == {"failed", "running"}
    fail = told["units"][0]
    assert list(fail) == [
        "name", "verdict", "reason", "next", "desired_state", "current_state", "machine_id", "is_global", "hash",
        "states",
    ]  # fmt: skip
    assert (fail["name"], fail["current_state"], fail["states"][0]["active"]) == ("fail.service", "launched", "failed")


@pytest.mark.parametrize("verdict", [*VERDICTS, "running"])
def test_the_exit_code_is_that_of_the_units_that_are_listed(endpoint: str, verdict: str) -> None:
    amiss = {"failed", "unschedulable", "stale", "poisoned", "orphaned", "drifted"}
    assert main(["units", "list", "--verdict", verdict, "--endpoint", endpoint]) == (3 if verdict in amiss else 0)


def test_verdicts_may_be_named_together_or_apart_and_what_is_none_is_refused_with_those_that_are(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def listed(*words: str) -> list[str]:
        main(["units", "list", "--endpoint", endpoint, *words])
        return capsys.readouterr().out.splitlines()[1:-1]

    assert listed("--verdict", "loaded, ended") == listed("--verdict", "ended", "--verdict", "loaded")
    assert main(["units", "list", "--endpoint", endpoint, "--verdict", "failed,dead"]) == 2
    assert "'dead' is no verdict; legal: failed, unschedulable" in " ".join(capsys.readouterr().err.split())


def test_an_empty_cluster_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    with serve_fleet(EMPTY) as url:
        assert main(["units", "list", "--endpoint", url]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(f"no units ({url} at ")
        assert main(["units", "list", "--json", "--endpoint", url]) == 0
        assert json.loads(capsys.readouterr().out)["units"] == []
        assert main(["units", "status", "a.service", "--endpoint", url]) == 2
        assert "no unit at all" in capsys.readouterr().err


def test_where_all_is_as_it_was_asked_for_it_ends_with_0(world: World, endpoint: str) -> None:
    keep(world, "md1.service", "oneshot.service", "tmpl@.service")
    assert main(["units", "list", "--endpoint", endpoint]) == 0


def test_units_are_compared_with_a_folder_and_what_is_not_in_fleet_is_named(
    tmp_path: Path, world: World, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(world, "md1.service", "tmpl@1.service", "tmpl@.service")
    folder = tmp_path / "units"
    folder.mkdir()
    (folder / "tmpl@.service").write_text("[Service]\nExecStart=/bin/other\n", encoding="utf-8")
    (folder / "new.service").write_text("[Service]\nExecStart=/bin/new\n", encoding="utf-8")
    (folder / "bad.service").write_bytes(b"\xff")
    assert main(["units", "list", "--files", str(folder), "--endpoint", endpoint]) == 3
    told = capsys.readouterr()
    assert [line.split()[:2] for line in told.out.splitlines()[1:4]] == [
        ["tmpl@.service", "drifted"], ["tmpl@1.service", "drifted"], ["md1.service", "running"],
    ]  # fmt: skip
    assert told.out.splitlines()[4] == "not in fleet: new.service"
    assert f"not compared: {folder}/bad.service cannot be read as a unit file" in told.err
    assert f"fleetkit units lint {folder}" in told.err
    assert main(["units", "list", "--files", str(tmp_path / "nowhere"), "--endpoint", endpoint]) == 2


def test_status_tells_all_that_is_known_and_what_to_do_next(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", "status", "fail.service", "--endpoint", endpoint]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "fail.service: failed",
        "  reason  loaded, failed, failed on 10.77.0.13",
        "  next    read what it said last (fleetkit units journal fail.service, or journalctl -u fail.service on its "
        "machine), mend it, then start it anew (fleetkit units start fail.service)",
        "  desired launched",
        "  current launched",
        "  machine 10.77.0.13 (3317c7a5a7c2fae3fd024dfb246eb956)",
        "  hash    9cfda999206adf2f1f14a08572b828c864df5f52",
        "  on 10.77.0.13 (3317c7a5a7c2fae3fd024dfb246eb956): loaded, failed, failed; "
        "hash 9cfda999206adf2f1f14a08572b828c864df5f52",
        "  [Unit] Description=t",
        "  [Service] ExecStart=/bin/false",
    ]


def test_a_global_unit_is_told_on_every_machine_and_not_as_the_inactive_one_that_fleet_calls_it(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["units", "status", "glob.service", "--endpoint", endpoint]) == 0
    out = capsys.readouterr().out
    assert "  machine global\n" in out
    assert out.count("  on 10.77.0.") == 3
    assert "inactive" not in out


def test_a_poisoned_unit_is_told_with_what_frees_it(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", "status", "poisoned.service", "--json", "--endpoint", endpoint]) == 3
    (unit,) = json.loads(capsys.readouterr().out)["units"]
    assert (unit["verdict"], unit["hash"], unit["options"]) == ("poisoned", "", [])
    assert "fleetkit units free poisoned.service" in unit["next"]
    assert main(["units", "show", "poisoned.service", "--endpoint", endpoint]) == 1
    assert "next: fleetkit units status poisoned.service" in capsys.readouterr().err


def test_a_poisoned_unit_that_no_machine_has_is_found_by_its_name(
    world: World, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(world, "md1.service")
    assert main(["units", "status", "poisoned.service", "--endpoint", endpoint]) == 3
    assert capsys.readouterr().out.startswith("poisoned.service: poisoned\n")


def test_a_name_that_nobody_knows_is_wrong_use_and_lists_the_known_ones_beside_those_that_are_there(
    world: World, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(world, "md1.service", "oneshot.service")
    assert main(["units", "status", "md1.service", "md2.service", "--endpoint", endpoint]) == 2
    told = capsys.readouterr()
    assert told.out.startswith("md1.service: running\n")
    assert "knows a unit 'md2.service': known: md1.service, oneshot.service" in told.err
    assert main(["units", "status", "md2.service", "--json", "--endpoint", endpoint]) == 2
    assert json.loads(capsys.readouterr().out)["unknown"] == ["md2.service"]
    assert main(["units", "show", "md2.service", "--endpoint", endpoint]) == 2
    assert "known: md1.service" in capsys.readouterr().err


def test_the_journal_of_a_unit_that_nobody_knows_is_wrong_use_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Callable[..., Replay], capsys: pytest.CaptureFixture[str]
) -> None:
    write_cluster(tmp_path)
    answers = [ok(states=[]), ok(units=[]), recorded("028-unit-get-404"), ok(machines=[])]
    put_way(monkeypatch, open_workspace("demo"), [replay(*answers), replay(), replay()])
    assert main(["units", "journal", "demo", "a.service"]) == 2
    assert "knows a unit 'a.service'" in capsys.readouterr().err


def test_of_many_known_names_the_likeliest_are_listed(endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", "status", "mdthree.service", "--endpoint", endpoint]) == 2
    err = capsys.readouterr().err
    assert "md1.service, mdnone.service" in err
    assert "and 4 more\n  next: fleetkit units list" in err


def test_show_prints_the_text_as_fleet_has_it_and_nothing_else(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "[Unit]\nDescription=t\n\n[Service]\nExecStart=/bin/sleep 100000\n\n[X-Fleet]\nMachineMetadata=role=web\n"
    assert main(["units", "show", "md1.service", "--endpoint", endpoint]) == 0
    assert capsys.readouterr() == (text, "")
    assert main(["units", "show", "md1.service", "--json", "--endpoint", endpoint]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == text
    assert main(["units", "show", "md1.service", "mid.service", "--endpoint", endpoint]) == 2


@pytest.mark.parametrize("verb", [["list"], ["status", "a.service"], ["show", "a.service"]], ids=lambda one: one[0])
@pytest.mark.parametrize("trouble", ILL)
def test_fleet_that_cannot_be_read_ends_with_1_and_no_list(
    verb: list[str], trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, said = ILL[trouble]
    with serve_fleet({**EMPTY, UNITS: answer}) as url:
        assert main(["units", *verb, "--endpoint", url, "--request-timeout", "200ms"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"error: units and machines could not be read from {url}: " in told.err
    assert said in told.err
    assert "\n  next: " in told.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["list", "--endpoint", "https://a:1"], "fleet serves no TLS"),
        (["list", "demo", "--endpoint", "http://a:1"], "--endpoint is for a fleet without a cluster file"),
        (["status", "web"], "'web' was read as CLUSTER"),
        (["status"], "Missing argument"),
        (["list", "--request-timeout", "soon"], "is not a duration"),
        (["list", "demo"], "no cluster file 'demo'"),
    ],
)
def test_wrong_use_ends_with_2(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", *argv]) == 2
    assert said in capsys.readouterr().err


def test_nothing_at_the_endpoint_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", "list", "--endpoint", f"unix://{tmp_path}/fleet.sock"]) == 1
    assert "fleet.sock cannot be reached: No such file or directory" in capsys.readouterr().err


def test_fleetctls_variables_are_read_where_no_cluster_is_named(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLEETCTL_ENDPOINT", endpoint)
    monkeypatch.setenv("FLEETCTL_REQUEST_TIMEOUT", "3.0")
    assert main(["units", "list", "--verdict", "running"]) == 0
    assert main(["units", "list", "demo"]) == 2
    assert "no cluster file 'demo'" in capsys.readouterr().err


def test_a_cluster_is_asked_through_its_way_in_and_masters_that_were_asked_in_vain_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Callable[..., Replay], capsys: pytest.CaptureFixture[str]
) -> None:
    write_cluster(tmp_path)
    answers = [ok(states=[]), ok(units=[]), ok(machines=[])]
    put_way(monkeypatch, open_workspace("demo"), [SshError("no way"), replay(*answers), replay()])
    assert main(["units", "list", "demo"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("no units (etcd2 (10.")
    assert told.err == "passed over: etcd1: no way\n"


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        (["units", "list"], "de", ["demo"]),
        (["units", "status"], "de", ["demo"]),
        (["machines", "list"], "de", ["demo"]),
        (["units", "list", "--verdict"], "fa", ["failed"]),
        (["units", "list", "--verdict"], "failed,lo", ["failed,loaded"]),
        (["units"], "sta", ["start", "status"]),
    ],
)
def test_the_shell_completes_clusters_and_verdicts(
    tmp_path: Path, words: list[str], begun: str, offered: list[str]
) -> None:
    write_cluster(tmp_path)
    completion = ShellComplete(_fleetkit, {}, "fleetkit", "_FLEETKIT_COMPLETE")
    assert [one.value for one in completion.get_completions(words, begun)] == offered
