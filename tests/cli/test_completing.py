"""What the shell offers where a cluster, a notebook or a run is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from support.cluster_files import write_cluster
from support.runs_records import write_record

from fleetkit.cli import _fleetkit


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        (["run", "--cluster"], "de", ["demo"]),
        (["schedule", "add", "20", "--cluster"], "de", ["demo"]),
        (["lab", "--cluster"], "de", ["demo"]),
        (["run"], "61", ["61-what-if"]),
        (["run"], "inspect", ["inspect-cluster"]),
        (["sweep"], "inspect", ["inspect-cluster"]),
        (["schedule", "add"], "50", ["50-audit-cluster"]),
        (["run", "--resume"], "la", ["latest"]),
        (["runs", "show"], "2026", ["20260302T040506Z-10-try", "20260301T040506Z-10-try"]),
        (["runs", "verify"], "20260302", ["20260302T040506Z-10-try"]),
        (["runs", "diff"], "nothing", []),
    ],
)
def test_the_shell_completes_what_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], begun: str, offered: list[str]
) -> None:
    write_cluster(tmp_path)
    for day in (1, 2):
        write_record(tmp_path / "runs", day=day)
    monkeypatch.chdir(tmp_path)
    completion = ShellComplete(_fleetkit, {}, "fleetkit", "_FLEETKIT_COMPLETE")
    assert [one.value for one in completion.get_completions(words, begun)] == offered


def test_of_a_path_the_shell_completes_files() -> None:
    completion = ShellComplete(_fleetkit, {}, "fleetkit", "_FLEETKIT_COMPLETE")
    (offered,) = completion.get_completions(["run"], "./mine")
    assert (offered.value, offered.type) == ("./mine", "file")
