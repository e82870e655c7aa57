"""A cluster audited by schedules of a JupyterLab and an Airflow, which know nothing of it but what those say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.e2e_world import CLUSTER, World, wait_for
from support.foreign_schedulers import AIRFLOW, JUPYTER, REFERENCE, TOKEN, run_airflow, serve_jupyter
from support.own_environments import make_environment

from fleetkit.core import Patience

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1800)]

NOTEBOOK = "50-audit-cluster"
_KEYS = {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"}
_KEYS |= {"AWS_SESSION_TOKEN": "aws_session_token"}


@pytest.fixture
def keyless(world: World, tmp_path: Path) -> World:
    """Return the world with its keys in a file, as a schedule's runs need them: no secret comes to them by itself."""
    found = {name: world.sandbox_variables[name] for name in _KEYS if name in world.sandbox_variables}
    file = tmp_path / "credentials"
    file.write_text("[default]\n" + "".join(f"{_KEYS[name]} = {value}\n" for name, value in found.items()))
    file.chmod(0o600)
    others = {name: value for name, value in world.sandbox_variables.items() if name not in _KEYS}
    return dataclasses.replace(world, sandbox_variables={**others, "AWS_SHARED_CREDENTIALS_FILE": str(file)})


def last_run(world: World, name: str) -> dict[str, object]:
    """Return what is told of the last run of a schedule."""
    shown = world.fleetkit("schedule", "show", name, "--json").must(0).json()
    return dict(shown["last"] or {})


def test_an_airflow_that_knows_nothing_of_the_cluster_runs_the_notebook_to_its_record(keyless, tmp_path):
    programs, home = make_environment(tmp_path / "env", *AIRFLOW), tmp_path / "airflow"
    (home / "dags").mkdir(parents=True)
    when = ("--cron", "0 3 * * *", "--on", "airflow", "--dags", str(home / "dags"))
    keyless.fleetkit("schedule", "add", NOTEBOOK, "--cluster", CLUSTER, *when, "--name", "by-airflow").must(0)
    assert run_airflow(programs, home, "db", "migrate").returncode == 0
    ended = run_airflow(programs, home, "dags", "test", "fleetkit-by-airflow", "2026-11-01")
    told = last_run(keyless, "by-airflow")
    assert told.get("outcome") in ("done", "findings"), f"{told}\n{ended.stdout[-6000:]}\n{ended.stderr[-6000:]}"
    assert (ended.returncode == 0) == (told["exit"] == 0), "what is not 0 is red in Airflow"
    keyless.fleetkit("runs", "verify", str(told["id"])).must(0)
    keyless.fleetkit("schedule", "remove", "by-airflow").must(0)
    assert list((home / "dags").glob("*.py")) == []


def test_a_jupyterlab_that_knows_nothing_of_the_cluster_runs_the_notebook_to_its_record(keyless, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", TOKEN)
    keyless.sandbox_variables["JUPYTER_TOKEN"] = TOKEN
    with serve_jupyter(make_environment(tmp_path / "env", *JUPYTER), tmp_path) as address:
        when = ("--cron", "* * * * *", "--on", "jupyter-scheduler", "--server", address, "--token", REFERENCE)
        keyless.fleetkit("schedule", "add", NOTEBOOK, "--cluster", CLUSTER, *when, "--name", "by-jupyter").must(0)
        wait_for(
            "jupyter-scheduler to run it",
            lambda: last_run(keyless, "by-jupyter").get("outcome") in ("done", "findings"),
            patience=Patience(deadline_s=600, interval_s=3),
        )
        told = last_run(keyless, "by-jupyter")
        keyless.fleetkit("runs", "verify", str(told["id"])).must(0)
        wait_for(
            "the schedule to be removed between two runs",
            lambda: keyless.fleetkit("schedule", "remove", "by-jupyter").code == 0,
        )
