"""Units that watch machines: what they open, what they see, and how the paid one comes to its key."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path

import pytest
from support.unit_scripts import find_script, run_script

from fleetkit.fleet import PlacementOptions, UnitText, read_unit_files

UNITS = read_unit_files([Path(__file__).parents[2] / "units/monitoring"]).units
DATADOG, EXPORTER = UNITS["datadog.service"], UNITS["node-exporter.service"]
KEY = "/etc/fleetkit/secrets/datadog_api_key"


def words_of(unit: UnitText) -> list[str]:
    """Return the words by which a unit starts its container."""
    (value,) = (one.value for one in unit.options if one.name == "ExecStart")
    return shlex.split(value)


def mounts_of(unit: UnitText) -> list[dict[str, str]]:
    words = words_of(unit)
    found = [after for word, after in itertools.pairwise(words) if word == "--mount"]
    return [dict(part.partition("=")[::2] for part in one.split(",")) for one in found]


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_it_is_on_each_machine_and_has_only_mounts_that_it_cannot_write_to(unit: UnitText) -> None:
    assert PlacementOptions.of(unit, name="x.service").is_global
    assert all("readonly" in one for one in mounts_of(unit))
    words = words_of(unit)
    assert not {"-v", "--volume", "--privileged"} & set(words)
    assert "docker.sock" not in " ".join(words)
    assert "no-new-privileges" in words


def test_the_figures_of_a_machine_are_told_on_the_machine_alone_and_read_by_nobody() -> None:
    words = words_of(EXPORTER)
    assert "--web.listen-address=127.0.0.1:9100" in words
    assert words[words.index("--user") + 1] == "65534:65534"
    assert words[words.index("--cap-drop") + 1] == "ALL"


def test_datadogs_agent_publishes_no_port_and_runs_where_secrets_are_delivered() -> None:
    words = words_of(DATADOG)
    assert not {"-p", "--publish", "--network"} & set(words)
    placed = PlacementOptions.of(DATADOG, name="datadog.service")
    assert {one.value for one in DATADOG.options if one.name == "MachineMetadata"} == {"etcd=internal", "etcd=public"}
    assert placed.is_global


def test_its_key_is_a_file_that_is_mounted_and_in_no_variable() -> None:
    assert f"KEY={KEY}" in {one.value for one in DATADOG.options if one.name == "Environment"}
    words = words_of(DATADOG)
    assert "DD_API_KEY=ENC[file@${KEY}]" in words
    assert [one["target"] for one in mounts_of(DATADOG) if one["source"] == "${KEY}"] == ["${KEY}"]
    assert "/etc/fleetkit/secrets" not in {one["source"] for one in mounts_of(DATADOG)}, "not its neighbours"


def test_without_its_key_it_fails_and_says_what_brings_it(tmp_path: Path) -> None:
    text = find_script(DATADOG, "ExecStartPre")
    file = tmp_path / "key"
    environment = {"KEY": str(file)}
    missing = run_script(text, tmp_path, environment=environment)
    assert missing.code == 1
    assert f"{file} is not there: name datadog_api_key in [secrets]" in missing.told
    file.touch()
    assert run_script(text, tmp_path, environment=environment).code == 1, "an empty one is none"
    file.write_text("canary")
    found = run_script(text, tmp_path, environment=environment)
    assert (found.code, found.told) == (0, "")
