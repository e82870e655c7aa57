"""``fleetkit sweep``: what it prints, what it keeps, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.runs_notebooks import wait_for_line
from support.sweeps import break_cluster, finding, make_sweep, swept, write_clusters, write_look

from fleetkit.cli import main
from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.runs import list_runs
from fleetkit.runs.sweeps import SweepState, find_sweep, make_sweep_folder, read_sweep, write_sweep

_PATIENCE = Patience(deadline_s=300, interval_s=0.1)
_WAIT = "import time\nwhile not Path('go').exists(): time.sleep(0.02)"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.chdir(tmp_path)
    write_look(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 2, "no notebook was named"),
        (["nonsense"], 2, "there is no notebook 'nonsense'"),
        (["look.ipynb", "--clusters", "none/*.toml"], 2, "no cluster file is meant by 'none/*.toml'"),
        (["look.ipynb", "clusters/gone.toml"], 2, "no cluster file is meant by 'clusters/gone.toml'"),
        (["look.ipynb", "-p", "depth", "deep"], 2, "depth"),
        (["look.ipynb", "-p", "cluster", "alpha"], 2, "leave the parameter cluster out"),
        (["look.ipynb", "-p", "api_key", "x"], 2, "api_key"),
        (["look.ipynb", "--at-once", "0"], 2, "--at-once"),
        (["look.ipynb", "--rate", "0"], 2, "--rate"),
        (["look.ipynb", "--timeout", "soon"], 2, "--timeout"),
        (["--failed"], 2, "there is no sweep under"),
        (["--failed", "20260301T040506Z-gone"], 2, "there is no sweep under"),
        (["look.ipynb", "--failed", "latest", "--clusters", "clusters/*.toml"], 2, "leave the cluster files out"),
        (["10"], 4, "it asks for an approval"),
        (["90"], 4, "it asks for an approval"),
        (["51"], 2, "works on no cluster"),
    ],
)
def test_wrong_use_runs_nothing_and_leaves_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, told: str
) -> None:
    write_clusters(home, alpha="")
    assert main(["sweep", *words]) == code
    assert told in capsys.readouterr().err
    assert not (home / "runs").exists()
    assert not (home / "sweeps").exists()


def test_files_that_are_all_broken_are_told_each_with_no_run_at_all(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_cluster(home, "alpha")
    (home / "clusters" / "beta.toml").write_bytes(b"\xff")
    assert main(["sweep", "look.ipynb"]) == 2
    said = capsys.readouterr()
    assert "regoin" in said.out
    assert "beta.toml is not text" in said.out
    assert "2 clusters: 2 unusable" in said.out
    assert not (home / "runs").exists()


def test_an_earlier_sweep_without_open_clusters_is_rolled_up_again_and_nothing_runs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = make_sweep(swept("alpha"), swept("beta", SweepState.FINDINGS), notebook_file="look.ipynb")
    write_sweep(make_sweep_folder(home, record), record, page="")
    assert main(["sweep", "--failed", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [(one["cluster"], one["exit"]) for one in document["clusters"]] == [("beta", 3), ("alpha", 0)]
    assert document["resumes"] == record.id


def test_a_damaged_earlier_sweep_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_sweep_folder(home, make_sweep())
    (folder / "sweep.json").write_text("{")
    assert main(["sweep", "--failed"]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_completion_knows_notebooks_files_and_sweeps(home: Path) -> None:
    write_clusters(home, alpha="")
    make_sweep_folder(home, make_sweep())
    for words, wanted in (
        ("sweep 61", "61-what-if"),
        ("sweep 61 --clusters cl", "clusters/alpha.toml"),
        ("sweep --failed 2", "20260301T040506Z-look"),
    ):
        environ = {
            **os.environ,
            "_FLEETKIT_COMPLETE": "bash_complete",
            "COMP_WORDS": f"fleetkit {words}",
            "COMP_CWORD": str(len(words.split())),
        }
        done = start_fleetkit([], folder=home, environ=environ)
        said, _ = done.communicate(timeout=60)
        assert f"plain,{wanted}" in said.splitlines()


def start_fleetkit(words: list[str], *, folder: Path, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start the command in a session of its own."""
    program = str(Path(sys.executable).with_name("fleetkit"))
    return subprocess.Popen(
        [program, *words],
        cwd=folder,
        env=environ or dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_the_table_the_page_and_the_worst_exit_code(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clusters(
        home,
        alpha="",
        beta=finding("one finding"),
        gamma="from fleetkit.core import QuorumAtRiskError\nraise QuorumAtRiskError('no', hint='mend the member')",
    )
    assert main(["sweep", "look.ipynb", "--at-once", "2"]) == 4
    said = capsys.readouterr()
    assert [line.split()[:2] for line in said.out.splitlines()[1:4]] == [
        ["refused", "gamma"],
        ["findings", "beta"],
        ["done", "alpha"],
    ]
    assert "  next: mend the member" in said.out
    page = find_sweep(home, "latest") / "sweep.html"
    assert f"page: {page}" in said.out
    assert "[3/3] " in said.err
    assert "beta: findings after" in said.err
    # The next one runs gamma alone, and takes the others over.
    (home / "gamma.py").write_text("")
    assert main(["sweep", "--failed", "--quiet", "--json"]) == 3
    said = capsys.readouterr()
    assert said.err == ""
    document = json.loads(said.out)
    assert [(one["cluster"], one["state"]) for one in document["clusters"]] == [
        ("beta", "findings"),
        ("alpha", "done"),
        ("gamma", "done"),
    ]
    assert len(list_runs(home / "runs")) == 4


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_ctrl_c_stops_all_and_ends_with_130_and_the_sweep_says_which_were_done(home: Path) -> None:
    write_clusters(home, alpha="", beta=f"print()\n{_WAIT}", gamma="")
    process = start_fleetkit(["sweep", "look.ipynb", "--at-once", "1"], folder=home)
    _wait_for_state(home, "beta", SweepState.RUNNING)
    wait_for_line(process, "alpha: done")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130, said
    assert "stopping" in said
    states = {one.cluster: one.state for one in read_sweep(find_sweep(home, "latest")).clusters}
    assert states == {"alpha": SweepState.DONE, "beta": SweepState.STOPPED, "gamma": SweepState.NOT_RUN}


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_one_that_is_killed_leaves_no_process_and_is_gone_on_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clusters(home, alpha="", beta=f"Path('pid').write_text(str(__import__('os').getpid()))\n{_WAIT}", gamma="")
    process = start_fleetkit(["sweep", "look.ipynb", "--at-once", "1"], folder=home)
    wait_until(
        lambda: True if _is_written(home / "pid") else NotYet("beta has not begun"),
        what="the run on beta to begin",
        patience=_PATIENCE,
    )
    kernel = int((home / "pid").read_text())
    process.kill()
    process.communicate(timeout=60)
    wait_until(
        lambda: NotYet("its kernel lives") if _lives(kernel) else True, what="its kernel to end", patience=_PATIENCE
    )
    killed = read_sweep(find_sweep(home, "latest"))
    assert killed.interrupted
    assert [one.state for one in killed.clusters] == [SweepState.DONE, SweepState.STOPPED, SweepState.NOT_RUN]
    (home / "beta.py").write_text("")
    assert main(["sweep", "--failed", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(one["cluster"], one["of_sweep"]) for one in document["clusters"]] == [
        ("alpha", killed.id),
        ("beta", ""),
        ("gamma", ""),
    ]
    # The run that was under way ended in good order, though nobody listened any more.
    outcomes = sorted(stored.record.outcome for stored in list_runs(home / "runs").ok.values())
    assert outcomes == ["done", "done", "done", "interrupted"]


def _is_written(file: Path) -> bool:
    return file.is_file() and bool(file.read_text())


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def _wait_for_state(home: Path, cluster: str, state: SweepState) -> None:
    def look() -> NotYet[bool] | bool:
        if not (found := sorted((home / "sweeps").glob("*/sweep.json"))):
            return NotYet("no sweep")
        states = {one["cluster"]: one["state"] for one in json.loads(found[-1].read_text())["clusters"]}
        return True if states[cluster] == state else NotYet(f"{cluster} is {states[cluster]}")

    wait_until(look, what=f"{cluster} to be {state}", patience=_PATIENCE)
