"""``fleetkit units lint`` names the file, the line and what is legal, and says by its exit code whether all is well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleetkit.cli import main

BAD = "[Service]\nExecStart=/bin/true\n[X-Fleet]\nGlobal=true\nMachineOf=b.service\n[Install]\nWantedBy=x.target\n"


def test_findings_stand_behind_their_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.service"
    file.write_text(BAD, encoding="utf-8")
    assert main(["units", "lint", str(tmp_path)]) == 3
    assert capsys.readouterr().out.splitlines() == [
        f"{file}:5: refused: MachineOf cannot go with Global; legal: one of the two",
        f"{file}:7: careful: it has an [Install]; legal: none: fleet says where it runs, and cannot follow the state "
        "of one that is enabled",
        "1 unit files, 2 findings",
    ]
    assert main(["units", "lint", str(file), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["units"] == ["a.service"]
    assert [(one["line"], one["is_fatal"]) for one in told["findings"]] == [(5, True), (7, False)]


def test_where_all_is_well_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert main(["units", "lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 unit files, 0 findings\n"


def test_a_place_that_is_not_there_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["units", "lint", str(tmp_path / "missing")]) == 2
    assert "next: name a unit file, or a folder of unit files" in capsys.readouterr().err


def test_packaged_unit_files_are_copied_and_a_changed_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["units", "copy"]) == 0
    told = capsys.readouterr().out
    assert "copied units/swap.service\n" in told
    assert "copied units/pages/fleet-ui@.service\n" in told
    Path("units/swap.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert main(["units", "copy"]) == 0
    told = capsys.readouterr().out
    assert "kept units/swap.service: it is there with another text\n" in told
    assert told.splitlines()[-1].endswith("unit files: 0 copied, 11 current, 1 kept")
    assert main(["units", "copy", "--json"]) == 0
    assert {"path": "units/swap.service", "state": "kept"} in json.loads(capsys.readouterr().out)
    assert main(["units", "copy", "units/swap.service"]) == 2
    assert "is a file" in capsys.readouterr().err
