"""``fleetkit runs verify``: whoever ran the notebook, and however that ended, its record proves itself."""

from __future__ import annotations

import json
import signal

import nbclient
import nbformat
import pytest
from support.runs_notebooks import records_under, start_python, wait_for_line, write_notebook, write_recorded_notebook

from fleetkit.cli import main
from fleetkit.pki import ensure_signing_key

pytestmark = pytest.mark.sandbox

BEGIN = (
    "from fleetkit import runs, workflows\n"
    "run = workflows.begin_run(notebook='10-try.ipynb', cluster='demo', parameters={'count': count})\n"
)
FACT = "run.record(runs.EventKind.FACT, {'about': 'members', 'members': []})"
FAILS = f"{FACT}\n1 / 0"
WAIT = "print('ready', flush=True)\nimport threading\nthreading.Event().wait()"

RUN = "import sys\nfrom fleetkit.cli import main\nsys.exit(main(sys.argv[1:]))"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEETKIT_HOME", str(tmp_path / "home"))
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "demo.toml").touch()
    return tmp_path


@pytest.fixture
def key(folder):
    return ensure_signing_key(folder / "home").public_key


def by_command(path, folder):
    main(["run", path.name, "--cluster", "demo", "--quiet"])


def by_papermill(path, folder):
    start_python(["-m", "papermill", str(path), str(folder / "out.ipynb")], folder=folder).communicate(timeout=90)


def by_engine(path, folder):
    arguments = ["-m", "papermill", "--engine", "fleetkit", "-p", "cluster", "demo", str(path), "out.ipynb"]
    start_python(arguments, folder=folder).communicate(timeout=90)


def by_hand(path, folder):
    # A kernel that a person's front end drives: nothing of fleetkit or papermill stands around it.
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, allow_errors=True).execute()


def verify(capsys, *arguments):
    capsys.readouterr()
    code = main(["runs", "verify", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("drive", "cell"),
    [
        (by_command, FAILS),
        pytest.param(by_papermill, FAILS, marks=pytest.mark.slow),
        (by_engine, FAILS),
        pytest.param(by_hand, FAILS, marks=pytest.mark.slow),
        (by_hand, FACT),
    ],
)
def test_a_record_proves_itself_by_the_operators_key_whoever_ran_the_notebook(folder, key, capsys, drive, cell):
    path = write_notebook(folder / "10-try.ipynb", "## Set up", BEGIN, "## Look", cell, "## Outcome", "run.finish()")
    drive(path, folder)
    code, out, _ = verify(capsys, "--key", key, "--json")
    proof = json.loads(out)
    assert (code, proof["state"], proof["flaws"], proof["remarks"]) == (0, "closed", [], [])
    assert (proof["keys"], proof["signed"]) == ([key], proof["lines"])


def test_a_run_that_was_asked_to_end_is_closed_and_one_that_was_killed_is_open(folder, key, capsys):
    write_recorded_notebook(folder / "10-try.ipynb", "## Wait", WAIT)
    for number, expected in ((signal.SIGTERM, (0, "closed")), (signal.SIGKILL, (3, "open"))):
        process = start_python(["-c", RUN, "run", "10-try.ipynb", "--cluster", "demo"], folder=folder)
        wait_for_line(process, "ready")
        process.send_signal(number)
        process.communicate(timeout=60)
        code, out, _ = verify(capsys, records_under(folder)[-1].name, "--key", key, "--json")
        proof = json.loads(out)
        assert (code, proof["state"], proof["flaws"]) == (*expected, [])


def test_what_was_touched_is_named_and_the_command_exits_1(folder, key, capsys):
    by_command(write_notebook(folder / "10-try.ipynb", "## Look", "print(count)"), folder)
    report = records_under(folder)[0] / "report.html"
    report.write_text(report.read_text() + " ")
    code, out, _ = verify(capsys, "latest", "--key", key)
    assert code == 1
    assert out.startswith("broken: ")
    assert "  report.html: it was changed" in out


def test_a_key_may_be_a_file_and_another_key_exits_1(folder, key, capsys):
    by_command(write_notebook(folder / "10-try.ipynb", "## Look", "print(count)"), folder)
    assert verify(capsys, "--key", str(folder / "home" / "signing.pub"))[0] == 0
    other = ensure_signing_key(folder / "other").public_key
    code, out, _ = verify(capsys, "--key", other)
    assert code == 1
    assert f"signed by {key}, which is none of the keys that were given" in out
    assert verify(capsys, "--key", "ed25519:short")[0] == 2
    assert "yours to say" in verify(capsys)[2]
