"""From which version of etcd one may go to which, as data; and what is said of the versions themselves."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from fleetkit.core import SettingsError
from fleetkit.etcd import FLOOR, EtcdVersion, find_traps, judge_path, tell_version
from fleetkit.etcd.versions import TRAPS

CASES = [
    pytest.param(case, id=case["name"])
    for case in tomllib.loads((Path(__file__).parent / "cases" / "version_paths.toml").read_text("utf-8"))["case"]
]


@pytest.mark.parametrize("case", CASES)
def test_each_way_is_judged_by_etcds_own_notes(case: dict[str, Any]) -> None:
    path = judge_path(EtcdVersion.parse(case["start"]), EtcdVersion.parse(case["goal"]))
    assert path.kind == case["kind"]
    assert case["back"] in path.back
    for what in ("refused", "losses", "warnings"):
        said, expected = getattr(path, what), case.get(what, [])
        assert len(said) == len(expected), said
        assert all(word in sentence for word, sentence in zip(expected, said, strict=True)), said


def test_the_floor_is_the_first_version_without_a_known_flaw() -> None:
    assert max(one.before for one in TRAPS) == FLOOR
    assert find_traps(str(FLOOR)) == ()
    assert len(find_traps("3.5.1")) == len(TRAPS)


def test_versions_are_compared_as_numbers() -> None:
    assert EtcdVersion.parse("3.5.9") < EtcdVersion.parse("v3.5.10") < EtcdVersion.parse("3.10.0")


@pytest.mark.parametrize("text", ["", "3.5", "3.5.33-rc.0", "latest", "3.5.x"])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no released version"):
        EtcdVersion.parse(text)


def test_only_a_version_below_the_floor_is_told_with_a_word_on_it() -> None:
    assert tell_version("3.5.1") == "3.5.1 (below 3.5.33, the oldest for real machines)"
    assert [tell_version(one) for one in ("3.5.33", "3.6.1", "", "unknown")] == ["3.5.33", "3.6.1", "", "unknown"]
