"""Schedules as job definitions, kept and run by a real JupyterLab with jupyter-scheduler, in its own environment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.foreign_schedulers import JUPYTER, TOKEN, open_jobs, serve_jupyter
from support.own_environments import make_environment
from support.scheduled import make_entry, write_look

from fleetkit.core import FleetkitError, NotYet, Patience, ServiceError, SettingsError, wait_until
from fleetkit.schedule import SchedulerKind, add_entry, list_scheduled_runs, parse_cron, remove_entry


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment(tmp_path_factory.mktemp("jupyter") / "env", *JUPYTER)


@pytest.fixture
def server(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("JUPYTER_TOKEN", TOKEN)
    with serve_jupyter(programs, tmp_path) as address:
        yield address


def entry_for(folder: Path, **changes):
    return make_entry(folder, **{"on": SchedulerKind.JUPYTER, **changes})


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://127.0.0.1", "127.0.0.1:8888", "http://127.0.0.1:8888/?token=x", "http://me:canary@127.0.0.1:8888"),
        *("http://[::1", "http://127.0.0.1:port", "http://127.0.0.1:8888/a b"),
    ],
)
def test_an_address_that_is_none_or_bears_a_secret_is_refused_and_not_shown(monkeypatch, address):
    monkeypatch.setenv("JUPYTER_TOKEN", TOKEN)
    with pytest.raises(SettingsError, match="no address of a Jupyter server") as caught:
        open_jobs(address)
    assert "canary" not in str(caught.value)


def test_a_token_in_place_of_its_reference_is_refused_and_not_shown():
    with pytest.raises(SettingsError) as caught:
        open_jobs("http://127.0.0.1:9", TOKEN)
    assert TOKEN not in str(caught.value)


def test_a_server_that_does_not_answer_leaves_no_schedule(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", TOKEN)
    with pytest.raises(ServiceError, match="cannot be reached"):
        add_entry(entry_for(tmp_path), open_jobs("http://127.0.0.1:9"), folder=tmp_path)
    assert list((tmp_path / "schedules").iterdir()) == []


def test_a_server_that_speaks_something_else_is_told_and_leaves_no_schedule(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_TOKEN", TOKEN)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as one:
                one.recv(65536)
                one.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(ServiceError, match="cannot be reached"):
            add_entry(entry_for(tmp_path), open_jobs(f"http://127.0.0.1:{server.getsockname()[1]}"), folder=tmp_path)
    assert list((tmp_path / "schedules").iterdir()) == []


@pytest.mark.slow
def test_a_real_jupyterlab_runs_it_to_a_record_and_forgets_it_when_it_is_removed(tmp_path, server):
    folder = tmp_path / "work"
    folder.mkdir()
    write_look(folder, "print(1)")
    entry, scheduler = entry_for(folder, line=parse_cron("* * * * *")), open_jobs(server)
    added = add_entry(entry, scheduler, folder=folder)
    assert list((tmp_path / "root").rglob("fleetkit*")) == [], (
        "the server has a copy of its own, and the folder stays clean"
    )
    assert TOKEN not in (folder / "schedules" / "look.toml").read_text()
    assert scheduler.find_missing(added.entry) == ()
    assert add_entry(entry, scheduler, folder=folder).change == "no change"

    def ran() -> bool | NotYet[bool]:
        runs = list_scheduled_runs(added.entry, folder=folder)
        jobs = scheduler.api.ask("GET", "scheduler/jobs")["jobs"]
        done = any(one.record.outcome == "done" for one in runs)
        return (done and any(job["status"] == "COMPLETED" for job in jobs)) or NotYet(f"{len(runs)} runs, {jobs}")

    wait_until(ran, what="jupyter-scheduler to run it", patience=Patience(deadline_s=180, interval_s=1))
    assert len(remove_entry(added.entry, scheduler, folder=folder)) == 2
    assert scheduler.api.ask("GET", "scheduler/job_definitions")["job_definitions"] == []


@pytest.mark.slow
def test_a_token_that_is_wrong_and_a_server_without_the_scheduler_are_told(tmp_path, server, monkeypatch):
    monkeypatch.setenv("WRONG", "wrong-5f2c9e17ab")
    with pytest.raises(ServiceError, match="refuses the token"):
        add_entry(entry_for(tmp_path), open_jobs(server, "env:WRONG"), folder=tmp_path)
    with pytest.raises(FleetkitError, match="install jupyter-scheduler"):
        add_entry(entry_for(tmp_path), open_jobs(f"{server}/nowhere"), folder=tmp_path)
    assert list((tmp_path / "schedules").iterdir()) == []
