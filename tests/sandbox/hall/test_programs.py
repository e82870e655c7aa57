"""Programs are started in a machine, fed, watched, signalled, and given a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from support.hall_rooms import PATIENCE_S, add_plain

from fleetkit.core import WaitTimeoutError
from fleetkit.sandbox.hall import Hall, HallError, Machine

pytestmark = pytest.mark.sandbox


@pytest.fixture
def machine(hall: Hall) -> Machine:
    return add_plain(hall, "a", "10.77.1.10")


def test_a_program_reads_writes_and_ends_with_its_code(machine: Machine) -> None:
    done = machine.run(["sh", "-c", "tr a-z A-Z; echo no >&2; exit 7"], data=b"loud" * 50_000)
    assert (done.returncode, done.stdout, done.stderr) == (7, b"LOUD" * 50_000, b"no\n")


def test_environment_and_folder_are_as_given(machine: Machine, tmp_path: Path) -> None:
    with machine.exec(["sh", "-c", "echo $ONLY; pwd"], env={"ONLY": "this"}, cwd=str(tmp_path)) as process:
        assert process.communicate(timeout_s=PATIENCE_S).stdout.decode().split() == ["this", str(tmp_path)]


def test_a_signal_ends_it_and_is_told(machine: Machine) -> None:
    with machine.exec(["sleep", "60"]) as process:
        assert process.poll() is None
        with pytest.raises(WaitTimeoutError, match="still running"):
            process.wait(timeout_s=0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout_s=PATIENCE_S) == -signal.SIGTERM
        process.send_signal(signal.SIGTERM)


def test_what_takes_too_long_is_killed(machine: Machine) -> None:
    with pytest.raises(WaitTimeoutError, match="killed"):
        machine.run(["sleep", "60"], timeout_s=0.1)


@pytest.mark.parametrize(
    ("argv", "cwd", "said"),
    [
        (["no-such-program"], "/", "no-such-program"),
        (["/etc/passwd"], "/", "/etc/passwd"),
        (["true"], "/no/folder", "/no/folder"),
    ],
)
def test_what_cannot_be_started_says_why(machine: Machine, argv: list[str], cwd: str, said: str) -> None:
    with pytest.raises(HallError, match=said):
        machine.exec(argv, cwd=cwd)


def test_a_terminal_is_one_and_has_a_size(machine: Machine) -> None:
    with machine.exec(["sh", "-c", "read go; stty size; test -t 0 && echo yes"], tty=True) as process:
        process.resize(rows=30, columns=100)
        assert process.terminal is not None
        os.write(process.terminal, b"go\n")
        assert process.wait(timeout_s=PATIENCE_S) == 0
        assert os.read(process.terminal, 1000).split()[1:] == [b"30", b"100", b"yes"]


def test_given_files_are_used_and_output_can_go_to_the_log(machine: Machine, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        machine.exec(["echo", "to the file"], stdin=subprocess.DEVNULL, stdout=out, stderr=out).wait(
            timeout_s=PATIENCE_S
        )
    assert (tmp_path / "out").read_text() == "to the file\n"
    machine.spawn(["echo", "to the log"]).wait(timeout_s=PATIENCE_S)
    assert machine.log_path.read_text() == "to the log\n"


def test_freezing_stops_a_program_and_thawing_lets_it_go_on(hall: Hall, machine: Machine) -> None:
    with machine.exec(["sh", "-c", "read word; echo got $word"]) as process:
        hall.freeze_machine("a")
        assert process.stdin is not None
        process.stdin.write(b"it\n")
        with pytest.raises(WaitTimeoutError):
            process.wait(timeout_s=0.2)
        hall.thaw_machine("a")
        assert process.communicate(timeout_s=PATIENCE_S).stdout == b"got it\n"
