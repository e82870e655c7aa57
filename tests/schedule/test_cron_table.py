"""Schedules as lines of a crontab: ours with a mark, and all others byte for byte what they were."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.debian_programs import require_program
from support.scheduled import make_entry, write_look

from fleetkit.core import FleetkitError, NotFoundError, NotYet, Patience, SettingsError, call_each, wait_until
from fleetkit.schedule import add_entry, list_scheduled_runs, parse_cron, remove_entry
from fleetkit.schedule.cron_table import CronTable
from fleetkit.schedule.entries import write_entry

UTC = Path("/usr/share/zoneinfo/Etc/UTC")
KEEP = (
    b'# mine\nMAILTO=""\n\n  */5\t* * * *   echo "it\'s"  # odd   blanks \n'
    b"@reboot  true\nnot a line at all\n\t\n0 1 * * * a=b;c"
)


@pytest.fixture
def table(tmp_path: Path) -> CronTable:
    """Give a crontab of its own: a program that keeps a file as Debian's keeps a table, and takes what that takes."""
    program = tmp_path / "crontab"
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\ncase "$1" in\n'
        '  -l) [ -e table ] && exec cat table; echo "no crontab for you" >&2; exit 1 ;;\n'
        "  -r) exec rm table ;;\n"
        '  -) [ -e refuse ] && { echo "you may not use cron" >&2; exit 1; }; exec cat > table ;;\nesac\n'
    )
    program.chmod(0o755)
    return CronTable(program=str(program), local_time=UTC, lock=tmp_path / "lock")


def table_of(tmp_path: Path) -> bytes:
    return (tmp_path / "table").read_bytes()


@pytest.mark.parametrize("others", [KEEP, KEEP + b"\n", b"\xff\xfe not text\n"])
def test_the_lines_of_others_stay_byte_for_byte(tmp_path, table, others):
    (tmp_path / "table").write_bytes(others)
    added = add_entry(make_entry(tmp_path), table, folder=tmp_path)
    whole = others if others.endswith(b"\n") else others + b"\n"
    assert table_of(tmp_path).startswith(whole)
    assert table_of(tmp_path)[len(whole) :].decode() == f"{added.placement.texts['crontab']}\n"
    assert table.find_missing(added.entry) == ()
    remove_entry(added.entry, table, folder=tmp_path)
    assert table_of(tmp_path) == whole


def test_two_that_are_added_at_once_both_stand_in_the_table(tmp_path, table):
    slow = tmp_path / "slow"
    slow.write_text(f'#!/bin/sh\n{table.program} "$@"\ncode=$?\n[ "$1" = -l ] && sleep 0.5\nexit $code\n')
    slow.chmod(0o755)
    at_once = dataclasses.replace(table, program=str(slow))
    added = call_each(["one", "two"], lambda name: add_entry(make_entry(tmp_path, name=name), at_once, folder=tmp_path))
    assert added.failed == {}
    assert all(table.find_missing(one.entry) == () for one in added.ok.values())


def test_a_user_without_a_crontab_has_none_again_after_the_removal(tmp_path, table):
    added = add_entry(make_entry(tmp_path), table, folder=tmp_path)
    remove_entry(added.entry, table, folder=tmp_path)
    assert not (tmp_path / "table").exists()


def test_adding_twice_leaves_one_line_and_a_line_that_went_is_put_back(tmp_path, table):
    add_entry(make_entry(tmp_path), table, folder=tmp_path)
    once = table_of(tmp_path)
    assert add_entry(make_entry(tmp_path), table, folder=tmp_path).change == "no change"
    assert table_of(tmp_path) == once
    (tmp_path / "table").write_bytes(b"")
    assert add_entry(make_entry(tmp_path), table, folder=tmp_path).change == "mended"
    assert table_of(tmp_path) == once


def test_a_table_that_may_not_be_written_leaves_no_schedule(tmp_path, table):
    (tmp_path / "table").write_bytes(KEEP)
    (tmp_path / "refuse").touch()
    with pytest.raises(FleetkitError, match="you may not use cron"):
        add_entry(make_entry(tmp_path), table, folder=tmp_path)
    assert table_of(tmp_path) == KEEP
    assert list((tmp_path / "schedules").iterdir()) == []


def test_no_crontab_program_is_said_and_nothing_is_left(tmp_path):
    table = CronTable(program=None, local_time=tmp_path / "none", lock=tmp_path / "lock")
    with pytest.raises(NotFoundError, match="no crontab program on PATH"):
        add_entry(make_entry(tmp_path), table, folder=tmp_path)
    assert not (tmp_path / "schedules" / "look.toml").exists()


def test_another_zone_than_the_computers_is_refused_and_named(tmp_path, table):
    zone = Path("/usr/share/zoneinfo/Europe/Berlin")
    berlin = CronTable(program=table.program, local_time=zone, lock=tmp_path / "lock")
    with pytest.raises(SettingsError, match="give --timezone Europe/Berlin"):
        add_entry(make_entry(tmp_path), berlin, folder=tmp_path)
    entry = make_entry(tmp_path, line=parse_cron("0 3 * * *", timezone="Europe/Vienna"))
    add_entry(entry, berlin, folder=tmp_path)
    assert b"0 3 * * * cd " in table_of(tmp_path), "two zones whose clocks agree are one"


@pytest.mark.parametrize("line", ["0 0 L * *", "5/15 * * * *", "0 0 * * MON#1"])
def test_a_line_that_cron_does_not_know_is_refused(tmp_path, table, line):
    with pytest.raises(SettingsError, match="cron may not know"):
        add_entry(make_entry(tmp_path, line=parse_cron(line)), table, folder=tmp_path)


@pytest.mark.parametrize("line", ["0 3 * * 7-7", "0 3 * * 0-7", "0,0 3 1-31 JAN,3 *", "*/5 1-3/2 1,15 * MON-FRI"])
def test_the_times_stand_in_the_table_as_they_were_checked(tmp_path, table, line):
    add_entry(make_entry(tmp_path, line=parse_cron(line)), table, folder=tmp_path)
    assert table_of(tmp_path).decode().startswith(f"{line} cd {tmp_path} && exec ")


@pytest.mark.parametrize("name", ["a\nb", "100\\%", "a\tb"])
def test_a_folder_that_would_end_the_line_for_cron_is_refused(tmp_path, table, name):
    folder = tmp_path / name
    folder.mkdir()
    with pytest.raises(SettingsError, match="cannot stand in a crontab"):
        add_entry(make_entry(folder), table, folder=folder)
    assert not (tmp_path / "table").exists()


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["plain", '50%, it\'s "odd" $HOME #1'])
def test_the_line_runs_as_cron_runs_it_with_next_to_no_environment(tmp_path, table, name, hidden_operator):
    folder = tmp_path / name
    folder.mkdir()
    write_look(folder, "import os\nprint(os.environ['FLEETKIT_ADDRESS_URL'])")
    entry = make_entry(folder, environment={"FLEETKIT_ADDRESS_URL": "http://127.0.0.1:9/address"})
    added = add_entry(entry, table, folder=folder)
    # As crontab(5) says: five fields, then the command, in which \% stands for a percent sign.
    command = table_of(tmp_path).decode().split(maxsplit=5)[5].replace("\\%", "%")
    environ = {"HOME": str(hidden_operator), "LOGNAME": "me", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    ended = subprocess.run(["/bin/sh", "-c", command], env=environ, cwd="/", capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    (stored,) = list_scheduled_runs(added.entry, folder=folder)
    assert "http://127.0.0.1:9/address" in stored.notebook.read_text()


@pytest.mark.slow
def test_a_real_cron_runs_the_line(tmp_path):
    """Needs root, as cron itself does: its tables and its runtime files are put into a namespace of their own."""
    cron, crontab = require_program("cron"), require_program("crontab")
    root = [] if os.getuid() == 0 else [shutil.which("sudo") or "sudo", "-n"]
    folder, spool = tmp_path / "work", tmp_path / "spool"
    folder.mkdir()
    (spool / "crontabs").mkdir(parents=True)
    write_look(folder, "print(1)")
    entry = make_entry(folder, line=parse_cron("* * * * *"))
    write_entry(folder, entry)
    added = add_entry(entry, _recording(tmp_path), folder=folder)
    (tmp_path / "line").write_text(f"HOME={tmp_path}\n{added.placement.texts['crontab']}\n")
    program = (
        f"mount --bind {spool} /var/spool/cron && mount -t tmpfs tmpfs /run && chmod 1730 /var/spool/cron/crontabs"
        f" && {crontab} {tmp_path / 'line'} && exec {cron} -f -L 15"
    )

    def ran() -> bool | NotYet[bool]:
        runs = list_scheduled_runs(added.entry, folder=folder)
        return any(one.record.outcome == "done" for one in runs) or NotYet(f"{len(runs)} runs")

    with subprocess.Popen([*root, "unshare", "--mount", "sh", "-c", program]) as daemon:
        try:
            wait_until(ran, what="cron to run it", patience=Patience(deadline_s=150, interval_s=1))
        finally:
            daemon.terminate()


def _recording(folder: Path) -> CronTable:
    program = folder / "keep"
    program.write_text(f'#!/bin/sh\n[ "$1" = -l ] && exit 0\nexec cat > {folder / "kept"}\n')
    program.chmod(0o755)
    return CronTable(program=str(program), local_time=UTC, lock=folder / "lock")
