"""Schedules as timers: files that systemd takes without a word, and a real systemd of the user's that runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.debian_programs import require_program
from support.scheduled import make_entry, write_look

from fleetkit.core import FleetkitError, NotYet, Patience, PreconditionError, SettingsError, wait_until
from fleetkit.schedule import Order, SchedulerKind, add_entry, list_scheduled_runs, parse_cron, remove_entry
from fleetkit.schedule.systemd import SystemdTimers, find_systemd

PATIENCE = Patience(deadline_s=60, interval_s=0.2)


def timers(folder: Path) -> SystemdTimers:
    return SystemdTimers(folder=folder / "units", systemctl=None)


def verify(*files: Path) -> tuple[int, str]:
    """Have systemd read units, and return its exit code and all that it said."""
    analyze = require_program("systemd-analyze")
    command = [analyze, "verify", "--man=no", *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"})
    return ended.returncode, ended.stderr + ended.stdout


def entry_for(folder: Path, **changes):
    return make_entry(folder, **{"on": SchedulerKind.SYSTEMD, **changes})


@pytest.mark.parametrize("line", ["0 3 * * *", "*/5 * * * *", "0 0 1,L * MON#1", "30 4 1-31/2 * 5L"])
@pytest.mark.parametrize("name", ["plain", "with a blank", "per%cent $HOME", 'quo"te\\s'])
def test_systemd_takes_the_units_and_says_nothing(tmp_path, line, name):
    folder = tmp_path / name
    folder.mkdir()
    entry = entry_for(folder, line=parse_cron(line, timezone="Europe/Berlin"))
    add_entry(entry, timers(tmp_path), folder=folder)
    files = sorted((tmp_path / "units").iterdir())
    assert [file.name for file in files] == ["fleetkit-look.service", "fleetkit-look.timer"]
    assert verify(*files) == (0, "")


def test_a_unit_that_systemd_does_not_take_would_be_seen(tmp_path):
    add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path)
    file = tmp_path / "units" / "fleetkit-look.service"
    file.write_text(file.read_text().replace("TimeoutStopSec=", "TimeoutStopNever="))
    assert verify(file)[1] != ""


def test_only_timers_that_are_due_seldom_are_spread(tmp_path):
    def spread(line: str) -> bool:
        order = Order(entry=entry_for(tmp_path, line=parse_cron(line)), folder=tmp_path, program=("/bin/true",))
        return any("RandomizedDelaySec=60" in text for text in timers(tmp_path).plan(order).texts.values())

    assert (spread("0 * * * *"), spread("*/20 * * * *")) == (True, False)


def test_what_it_takes_away_is_what_it_wrote_and_nothing_else(tmp_path):
    other = tmp_path / "units" / "mine.timer"
    other.parent.mkdir()
    other.write_text("[Timer]\n")
    added = add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path)
    taken = remove_entry(added.entry, timers(tmp_path), folder=tmp_path)
    assert len(taken) == 3
    assert [file.name for file in (tmp_path / "units").iterdir()] == ["mine.timer"]
    assert list((tmp_path / "schedules").iterdir()) == []


def test_a_unit_that_somebody_changed_stays_and_so_does_the_schedule(tmp_path):
    added = add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path)
    file = tmp_path / "units" / "fleetkit-look.timer"
    file.write_text(file.read_text() + "# mine\n")
    assert timers(tmp_path).find_missing(added.entry) == (str(file),)
    for change in (remove_entry, add_entry):
        with pytest.raises(PreconditionError, match="is not what was written there"):
            change(added.entry, timers(tmp_path), folder=tmp_path)
    assert file.read_text().endswith("# mine\n")
    assert (tmp_path / "schedules" / "look.toml").exists()


def test_a_timer_that_somebody_changed_is_not_ended_and_nothing_beside_it_is_taken(tmp_path):
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    systemctl.chmod(0o755)
    speaking = SystemdTimers(folder=tmp_path / "units", systemctl=str(systemctl))
    added = add_entry(entry_for(tmp_path), speaking, folder=tmp_path)
    file = tmp_path / "units" / "fleetkit-look.timer"
    file.write_text(file.read_text() + "# mine\n")
    with pytest.raises(PreconditionError, match="is not what was written there"):
        remove_entry(added.entry, speaking, folder=tmp_path)
    assert "disable" not in (tmp_path / "asked").read_text()
    assert (tmp_path / "units" / "fleetkit-look.service").exists()


@pytest.mark.parametrize("name", ["blank ", "back\\", "a\nb"])
def test_a_folder_that_systemd_would_read_as_another_is_refused(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    with pytest.raises(SettingsError, match="cannot stand in a unit"):
        add_entry(entry_for(folder), timers(tmp_path), folder=folder)
    assert not (tmp_path / "units").exists()


def test_a_notebook_whose_name_has_lines_writes_none_of_its_own_into_a_unit(tmp_path):
    entry = entry_for(tmp_path, notebook=str(tmp_path / "a\n[Service]\nExecStart=evil.ipynb"))
    add_entry(entry, timers(tmp_path), folder=tmp_path)
    for file in (tmp_path / "units").iterdir():
        assert "\nExecStart=evil" not in file.read_text()


def test_a_unit_of_somebody_else_is_never_written_over(tmp_path):
    file = tmp_path / "units" / "fleetkit-look.timer"
    file.parent.mkdir()
    file.write_text("[Timer]\n")
    with pytest.raises(SettingsError, match="there is a file"):
        add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path)
    assert file.read_text() == "[Timer]\n"
    assert not (tmp_path / "schedules" / "look.toml").exists()


def test_units_that_went_are_put_back_by_adding_the_same_again(tmp_path):
    added = add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path)
    (tmp_path / "units" / "fleetkit-look.timer").unlink()
    assert add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path).change == "mended"
    assert timers(tmp_path).find_missing(added.entry) == ()
    assert add_entry(entry_for(tmp_path), timers(tmp_path), folder=tmp_path).change == "no change"


def test_where_no_systemd_of_the_user_runs_the_next_command_is_told(tmp_path):
    found = find_systemd({"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    added = add_entry(entry_for(tmp_path), found, folder=tmp_path)
    assert added.next_steps[0] == "systemctl --user daemon-reload && systemctl --user enable --now fleetkit-look.timer"
    assert (tmp_path / ".config" / "systemd" / "user" / "fleetkit-look.timer").exists()


def systemctl(*words: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(shutil.which("systemctl", path=environ["PATH"])), "--user", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Give a folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="sd-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def user_manager(tmp_path: Path, short_folder: Path) -> Iterator[dict[str, str]]:
    """Run a systemd of the user's in a namespace of its own, where the computer seems to be booted with one."""
    runtime, home = short_folder, tmp_path / "home"
    home.mkdir()
    environ = {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    program = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", program]
    with (tmp_path / "said").open("w") as said, subprocess.Popen(command, env=environ, stdout=said, stderr=said) as one:
        # systemctl speaks to it only where the computer seems to be booted with systemd, which is inside.
        inside = tmp_path / "bin" / "systemctl"
        inside.parent.mkdir()
        enter = f"nsenter --target {one.pid} --user --mount --preserve-credentials"
        inside.write_text(f'#!/bin/sh\nexec {enter} {require_program("systemctl")} "$@"\n')
        inside.chmod(0o755)
        environ["PATH"] = f"{inside.parent}:{environ['PATH']}"

        def answers() -> bool | NotYet[bool]:
            assert one.poll() is None, (tmp_path / "said").read_text()
            asked = systemctl("is-system-running", environ=environ)
            return asked.returncode == 0 or NotYet(asked.stdout + asked.stderr)

        try:
            wait_until(answers, what="the user's systemd", patience=PATIENCE)
            yield environ
        finally:
            one.terminate()


@pytest.mark.sandbox
def test_a_real_systemd_runs_the_notebook_and_forgets_it_when_it_is_removed(tmp_path, user_manager, monkeypatch):
    for name, value in user_manager.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "work"
    folder.mkdir()
    write_look(folder, "print(1)")
    found = find_systemd(user_manager)
    assert found.systemctl is not None
    added = add_entry(entry_for(folder), found, folder=folder)
    assert "fleetkit-look.timer" in systemctl("list-timers", environ=user_manager).stdout
    began = systemctl("start", "fleetkit-look.service", environ=user_manager)
    assert began.returncode == 0, began.stderr
    (stored,) = list_scheduled_runs(added.entry, folder=folder)
    assert stored.record.outcome == "done"
    assert found.find_missing(added.entry) == ()
    systemctl("stop", "fleetkit-look.timer", environ=user_manager)
    assert found.find_missing(added.entry) == ("fleetkit-look.timer is inactive and enabled",)
    systemctl("disable", "fleetkit-look.timer", environ=user_manager)
    assert found.find_missing(added.entry) == ("fleetkit-look.timer is inactive and disabled",)
    assert add_entry(entry_for(folder), found, folder=folder).change == "mended"
    assert found.find_missing(added.entry) == ()
    remove_entry(added.entry, found, folder=folder)
    assert "fleetkit" not in systemctl("list-timers", "--all", environ=user_manager).stdout
    assert list((tmp_path / "home" / ".config" / "systemd" / "user").rglob("fleetkit*")) == []


def test_a_systemd_that_refuses_leaves_nothing_behind(tmp_path):
    refusing = SystemdTimers(folder=tmp_path / "units", systemctl=sys.executable)
    with pytest.raises(FleetkitError, match="systemctl --user daemon-reload failed"):
        add_entry(entry_for(tmp_path), refusing, folder=tmp_path)
    assert [file for place in ("units", "schedules") for file in (tmp_path / place).iterdir()] == []
