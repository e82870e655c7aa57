"""Schedules as DAG files, run by a real Airflow in an environment of its own."""

from __future__ import annotations

import ast
import functools
import signal
import subprocess
import sys
import textwrap

import pytest
from support.foreign_schedulers import AIRFLOW, run_airflow
from support.own_environments import make_environment
from support.scheduled import make_entry, write_look

from fleetkit.core import SettingsError, utc_now
from fleetkit.schedule import Order, SchedulerKind, add_entry, find_dags, list_scheduled_runs, parse_cron, remove_entry
from fleetkit.schedule.airflow import DagFolder


def entry_for(folder, **changes):
    return make_entry(folder, **{"on": SchedulerKind.AIRFLOW, **changes})


@pytest.mark.parametrize("name", ["plain", "quo\"te's {braces} \\ %"])
def test_the_file_is_python_whatever_the_folder_is_called(tmp_path, name):
    folder, dags = tmp_path / name, tmp_path / "dags"
    for one in (folder, dags):
        one.mkdir()
    line = parse_cron("0 3 * * *", timezone="Europe/Berlin")
    added = add_entry(entry_for(folder, line=line), DagFolder(folder=dags), folder=folder)
    (file,) = dags.iterdir()
    values = {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Assign)
    }
    assert (values["FOLDER"], values["COMMAND"][-3:]) == (str(folder), ["schedule", "run", "look"])
    text = file.read_text()
    assert "catchup=False" in text
    assert "max_active_runs=1" in text
    assert "CronTriggerTimetable('0 3 * * *', timezone='Europe/Berlin')" in text
    remove_entry(added.entry, DagFolder(folder=dags), folder=folder)
    assert list(dags.iterdir()) == []


def test_the_folder_is_where_airflow_itself_looks_for_it():
    assert find_dags({"HOME": "/home/me"}) == "/home/me/airflow/dags"
    assert find_dags({"AIRFLOW_HOME": "/srv/airflow"}) == "/srv/airflow/dags"
    assert find_dags({"AIRFLOW_HOME": "/srv/airflow", "AIRFLOW__CORE__DAGS_FOLDER": "/srv/dags"}) == "/srv/dags"


def test_a_dag_of_somebody_else_and_a_line_that_airflow_may_read_otherwise_are_refused(tmp_path):
    (tmp_path / "fleetkit_look.py").write_text("mine")
    with pytest.raises(SettingsError, match="there is a file"):
        add_entry(entry_for(tmp_path), DagFolder(folder=tmp_path), folder=tmp_path)
    with pytest.raises(SettingsError, match="Airflow may not know"):
        add_entry(entry_for(tmp_path, line=parse_cron("0 0 L * *")), DagFolder(folder=tmp_path), folder=tmp_path)
    assert (tmp_path / "fleetkit_look.py").read_text() == "mine"


_DEAF = """\
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(os.getppid(), signal.SIGUSR1)
time.sleep(60)
"""


def test_a_run_that_does_not_end_when_it_is_asked_to_is_killed(tmp_path):
    """As at Airflow's time limit, whose error comes by a signal while the task waits."""
    order = Order(entry=entry_for(tmp_path), folder=tmp_path, program=("true",))
    (text,) = DagFolder(folder=tmp_path).plan(order).texts.values()
    task = text[text.index("        with Popen") : text.index("        if code")].replace("wait(90)", "wait(0.2)")
    started: list[subprocess.Popen[bytes]] = []

    def start(*words, **how):
        started.append(subprocess.Popen(*words, **how))
        return started[0]

    def limit(*_):
        raise TimeoutError

    names = {"Popen": start, "TimeoutExpired": subprocess.TimeoutExpired, "FOLDER": tmp_path}
    before = signal.signal(signal.SIGUSR1, limit)
    try:
        with pytest.raises(TimeoutError):
            exec(textwrap.dedent(task), {**names, "COMMAND": [sys.executable, "-c", _DEAF]})  # noqa: S102 -- ours
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert started[0].returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_real_airflow_imports_the_dag_and_runs_it_to_a_record(tmp_path):
    programs = make_environment(tmp_path / "env", *AIRFLOW)
    home, folder = tmp_path / "airflow", tmp_path / "work"
    for one in (home / "dags", folder):
        one.mkdir(parents=True)
    airflow = functools.partial(run_airflow, programs, home)
    write_look(folder, "from pathlib import Path\nassert not Path('fail').exists()")
    added = add_entry(entry_for(folder, added=utc_now()), DagFolder(folder=home / "dags"), folder=folder)
    assert airflow("db", "migrate").returncode == 0
    assert "No data found" in airflow("dags", "list-import-errors").stdout
    ended = airflow("dags", "test", "fleetkit-look", "2026-11-01")
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    (stored,) = list_scheduled_runs(added.entry, folder=folder)
    assert (stored.record.outcome, stored.record.schedule.name) == ("done", "look")
    (folder / "fail").touch()
    ended = airflow("dags", "test", "fleetkit-look", "2026-11-02")
    assert ended.returncode != 0
    assert "fleetkit ended with exit code 1" in ended.stdout + ended.stderr
    runs = list_scheduled_runs(added.entry, folder=folder)
    assert [one.record.outcome for one in runs] == ["failed", "done"], "Airflow did not try again by itself"
