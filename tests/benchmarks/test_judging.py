"""The arithmetic of the measurements: ratio, spread, goal, exit code, and the table made of them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as program
from benchmarks.judging import all_met, describe_times, judge, judge_absence, take_turns
from benchmarks.machine import describe_machine
from benchmarks.report import KNOWN_MISSES, read_results, render_table
from benchmarks.start import HEAVY_LIBRARIES, measure_import


def test_a_side_is_told_with_its_count_its_spread_and_every_raw_time() -> None:
    side = describe_times([4.0, 1.0, 3.0, 2.0, 5.0], unit="s")
    assert side == {
        "unit": "s",
        "count": 5,
        "median": 3.0,
        "quartiles": [2.0, 4.0],
        "range": [1.0, 5.0],
        "raw": [4.0, 1.0, 3.0, 2.0, 5.0],
    }


def test_a_single_time_is_its_own_spread() -> None:
    assert describe_times([2.5], unit="ms")["quartiles"] == [2.5, 2.5]


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        describe_times([], unit="ms")


@pytest.mark.parametrize(
    ("ours", "met", "ratio"), [(10.9, True, 1.09), (11.0, True, 1.1), (11.004, False, 1.1), (12.0, False, 1.2)]
)
def test_the_exact_ratio_of_the_medians_is_held_against_the_goal(ours: float, met: bool, ratio: float) -> None:
    result = judge("x", "X", 1.1, [ours, 1.0, 99.0], [10.0, 10.0], unit="s")
    assert (result["met"], result["ratio"]) == (met, ratio)
    assert (result["ours"]["count"], result["theirs"]["count"]) == (3, 2)


def test_a_limit_is_judged_by_its_slowest_run() -> None:
    assert judge("x", "X", 1.1, [1.0, 1.0, 1.2], [1.0] * 3, unit="s")["met"]
    assert not judge("x", "X", 1.1, [1.0, 1.0, 1.2], [1.0] * 3, unit="s", pick=max)["met"]


def test_what_is_there_and_should_not_be_misses_the_goal() -> None:
    assert judge_absence("x", "X", [])["met"]
    assert judge_absence("x", "X", ["pandas", "boto3"]) | {"title": ""} == {
        "name": "x",
        "title": "",
        "goal": 0,
        "found": ["boto3", "pandas"],
        "met": False,
    }


def test_measuring_nothing_meets_no_goal() -> None:
    assert not all_met([])
    assert not all_met([{"met": True}, {"met": False}])


def test_sides_take_turns_and_warm_ups_do_not_count() -> None:
    moments = iter(range(100))
    order: list[str] = []
    sides: list[Callable[[], None]] = [lambda: order.append("a"), lambda: order.append("b")]
    taken = take_turns(sides, runs=2, warm_ups=1, clock=lambda: float(next(moments)))
    assert "".join(order) == "abbaab"
    assert taken == [[1.0, 1.0], [1.0, 1.0]]


def test_importing_the_library_brings_in_nothing_heavy() -> None:
    result = measure_import()
    assert result["met"], result["found"]
    assert all(name in result["title"] for name in HEAVY_LIBRARIES)


def test_the_machine_is_described_without_a_name(tmp_path: Path) -> None:
    facts = json.dumps(describe_machine())
    assert socket.gethostname() not in facts
    assert str(Path.home()) not in facts
    assert describe_machine()["cores"] >= 1


def _run(monkeypatch: pytest.MonkeyPatch, file: Path, *results: dict[str, Any]) -> int:
    monkeypatch.setattr(program, "MEASUREMENTS", {"one": lambda: results})
    return program.main(["--output", str(file)])


def test_results_are_written_and_told_and_a_missed_goal_exits_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results.json"
    good = judge("good", "good over bad", 2.0, [1.0, 1.0], [1.0, 1.0], unit="s")
    bad = judge("bad", "bad over good", 0.5, [1.0, 1.0], [1.0, 1.0], unit="s")
    assert _run(monkeypatch, file, good) == 0
    assert _run(monkeypatch, file, good, bad) == 1
    said = capsys.readouterr()
    assert said.err.endswith("over the goal: bad\n")
    written = json.loads(file.read_text(encoding="utf-8"))
    assert [one["name"] for one in written["results"]] == ["good", "bad"]
    assert all({"machine", "measured"} < set(one) for one in written["results"])
    first, second = (f"{one['measured'][:10]}, {one['machine']['load']:g}" for one in written["results"])
    assert f"| good over bad | ≤ 2 | 1 | 1 s (1 to 1, 2) | 1 s (1 to 1, 2) | yes | {first} |\n" in said.out
    assert f"| bad over good | ≤ 0.5 | 1 | 1 s (1 to 1, 2) | 1 s (1 to 1, 2) | **no** | {second} |\n" in said.out


@pytest.mark.parametrize(("name", "file"), KNOWN_MISSES.items())
def test_a_goal_that_is_not_always_met_keeps_its_row_and_a_decision_says_why(name: str, file: str) -> None:
    (row,) = (one for one in read_results() if one["name"] == name)
    text = (Path(program.__file__).parents[1] / file).read_text(encoding="utf-8")
    assert f"its goal of {row['goal']:g} was" in text


def test_a_goal_that_is_known_to_be_missed_is_told_with_its_reason() -> None:
    (name, file), *_ = KNOWN_MISSES.items()
    origin = {"measured": "2026-11-28T00:00:00Z", "machine": describe_machine()}
    missed = judge(name, "X", 0.5, [1.0, 1.0], [1.0, 1.0], unit="s") | origin
    assert f" | **no**, [why]({file}) | 2026-11-28, " in render_table([missed])
    assert f" | yes, [but not always]({file}) | 2026-11-28, " in render_table([{**missed, "met": True}])


def test_what_is_measured_anew_takes_its_old_place_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results.json"
    first, second = (judge(name, name, 2.0, [1.0, 1.0], [1.0, 1.0], unit="s") for name in ("first", "second"))
    _run(monkeypatch, file, first, second)
    before = read_results(file)
    _run(monkeypatch, file, {**first, "ratio": 1.5})
    after = read_results(file)
    assert [(one["name"], one["ratio"]) for one in after] == [("first", 1.5), ("second", 1.0)]
    assert after[1] == before[1]


def test_what_was_measured_before_another_one_broke_off_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results.json"
    good = judge("good", "good over bad", 2.0, [1.0, 1.0], [1.0, 1.0], unit="s")

    def break_off() -> list[dict[str, Any]]:
        raise RuntimeError("broken off")

    monkeypatch.setattr(program, "MEASUREMENTS", {"one": lambda: [good], "two": break_off})
    with pytest.raises(RuntimeError, match="broken off"):
        program.main(["--output", str(file)])
    assert [one["name"] for one in read_results(file)] == ["good"]


def test_the_committed_results_hold_every_goal_and_make_a_table() -> None:
    results = read_results()
    assert all_met(results)
    table = render_table(results)
    assert table.count("\n|") == len(results) + 1
    assert "**no**" not in table


def test_the_program_starts_outside_the_tests() -> None:
    root = Path(program.__file__).parents[1]
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "--only" in answer.stdout
