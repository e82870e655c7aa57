"""The notebook of units: tables and cards with nobody there, a browser by hand, no text of a unit in any record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_files import write_cluster
from support.fleet_served import serve_fleet
from support.fleet_worlds import every_verdict
from support.runs_kernels import start_kernel_by_hand
from support.runs_notebooks import records_under, start_python
from support.units_kernel import kernel_startup

from fleetkit.runs import Outcome, execute_notebook, find_notebook, read_run

pytestmark = pytest.mark.sandbox

VIEW = "application/vnd.jupyter.widget-view+json"
SECRET = "hunter2-hunter2"
SAID = "it said why"


@pytest.fixture(autouse=True)
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a cluster file in place, and the recorded fleet at the end of the way in."""
    write_cluster(tmp_path)
    world = every_verdict()
    unit = next(one for one in world["/fleet/v1/units"]["json"]["units"] if one["name"] == "md1.service")
    unit["options"].append({"section": "Service", "name": "Environment", "value": f"WORD={SECRET}"})
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    with serve_fleet(world) as url:
        (startup / "00-way.py").write_text(kernel_startup(url, said=SAID), encoding="utf-8")
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
        yield


def everything_in(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file())


def test_by_command_the_record_has_the_units_and_each_machine_with_what_it_carries(tmp_path: Path) -> None:
    stored = execute_notebook(
        find_notebook("browse-units"), cluster="demo", folder=tmp_path, parameters={"cluster": "demo"}
    )
    assert (stored.record.outcome, stored.record.exit) == (Outcome.FINDINGS, 3)
    assert "2 failed" in stored.record.summary
    report = stored.report.read_text(encoding="utf-8")
    for told in ("fail.service", "has no role=none", SAID, 'aria-label="machines"', "units run"):
        assert told in report
    assert VIEW not in report
    assert SECRET not in everything_in(stored.report.parent)


@pytest.mark.slow
def test_by_papermill_it_leaves_the_same_record(tmp_path: Path) -> None:
    path, out = str(find_notebook("browse-units").path), str(tmp_path / "out.ipynb")
    process = start_python(["-m", "papermill", path, out, "-p", "cluster", "demo"], folder=tmp_path)
    printed, _ = process.communicate(timeout=90)
    # papermill ends with 0 wherever no cell raised; the exit code of a run with findings stands in its record.
    assert process.returncode == 0, printed
    (folder,) = records_under(tmp_path)
    record = read_run(folder).record
    assert (record.outcome, record.exit) == (Outcome.FINDINGS, 3)
    assert "units run" in everything_in(folder)


def test_by_hand_the_browser_shows_a_text_and_the_record_does_not_keep_it(tmp_path: Path) -> None:
    notebook = find_notebook("browse-units").path
    with start_kernel_by_hand(tmp_path, notebook=notebook) as kernel:
        shown = kernel.run_all(notebook)[:-1]
        kernel.run(
            "import gc\n"
            "from fleetkit.ui import UnitsCard\n"
            "card = next(one for one in gc.get_objects() if isinstance(one, UnitsCard))\n"
            "assert card.rest(30)\n"
            "card.units.list.value = 'md1.service'; assert card.rest(30)\n"
        )
        # What a cell says and shows is recorded, so the text stands in none.
        kernel.run("assert '-'.join(['hunter2'] * 2) in card.text.value")
        kernel.run("assert card.changes is None")
        kernel.run("run.record(__import__('fleetkit.runs').runs.EventKind.FACT, {'about': 'looked'})")
        kernel.end()
    assert [VIEW in one for one in shown].count(True) == 1
    (folder,) = records_under(tmp_path)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Units of demo" in report
    assert "md1.service" in report
    assert SECRET not in everything_in(folder)
