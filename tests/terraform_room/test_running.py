"""A running program is read as it speaks, stopped on request, and never outlives who started it for long.

A shell script stands in for Terraform: what is promised here is about processes and signals.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from support.tf_configuration import await_truth, processes_in

from fleetkit.core import BusyError, TerraformError
from fleetkit.terraform._lock import held_folder
from fleetkit.terraform._running import RunningTerraform, forwarded_interrupts

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def start(folder: Path, script: str, *, grace_s: float = 5.0) -> RunningTerraform:
    return RunningTerraform(
        ["/bin/sh", "-c", script], folder=folder, environ={"PATH": os.environ["PATH"]}, grace_s=grace_s
    )


def test_lines_come_while_the_program_runs(tmp_path: Path) -> None:
    with start(tmp_path, 'echo one; while [ ! -e go ]; do sleep 0.02; done; echo "zwei ü"') as running:
        lines = running.lines()
        assert next(lines) == "one"
        (tmp_path / "go").write_text("", encoding="utf-8")
        assert list(lines) == ["zwei ü"]
        assert running.wait() == 0


@pytest.mark.parametrize(("script", "code"), [("exit 2", 2), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_programs_own(tmp_path: Path, script: str, code: int) -> None:
    with start(tmp_path, script) as running:
        assert running.wait() == code


def test_standard_error_is_drained_while_standard_output_is_read(tmp_path: Path) -> None:
    """More than a pipe holds; a program that is not drained would stand still for ever."""
    with start(
        tmp_path, "i=0; while [ $i -lt 5000 ]; do echo line-$i-of-standard-error >&2; i=$((i+1)); done"
    ) as running:
        assert list(running.lines()) == []
        assert running.wait() == 0
        assert running.stderr.endswith("line-4999-of-standard-error\n")
        assert len(running.stderr) < 20_000


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    with RunningTerraform([str(tmp_path / "none")], folder=tmp_path, environ={}, grace_s=1) as running:
        assert running.wait() == 127
        assert "cannot start" in running.stderr
    with pytest.raises(TerraformError, match="cannot be started in"):
        RunningTerraform(["/bin/true"], folder=tmp_path / "no-folder", environ={}, grace_s=1)


def test_standard_input_is_empty_and_files_are_private(tmp_path: Path) -> None:
    with start(tmp_path, "cat; umask; echo done") as running:
        assert list(running.lines())[-2:] == ["0077", "done"]


COUNTS_INTERRUPTS = """
n=0
trap 'n=$((n+1)); echo interrupted $n; if [ $n = 2 ]; then exit 1; fi' INT
echo ready
while true; do sleep 0.05; done
"""


def test_a_stop_asked_for_twice_within_a_second_reaches_the_program_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(tmp_path, COUNTS_INTERRUPTS) as running:
        lines = running.lines()
        assert next(lines) == "ready"
        running.stop()
        running.stop()
        assert next(lines) == "interrupted 1"
        monkeypatch.setattr("fleetkit.terraform._running._SAME_INTERRUPT_S", 0)
        running.stop()
        assert list(lines) == ["interrupted 2"]
        assert running.stopped


def test_a_stop_after_the_end_is_no_error(tmp_path: Path) -> None:
    with start(tmp_path, "true") as running:
        running.wait()
        running.stop()


def read_and_fail(running: RunningTerraform) -> None:
    next(running.lines())
    raise ValueError("of the reader")


def test_leaving_the_block_in_the_middle_stops_the_program_and_waits_for_it(tmp_path: Path) -> None:
    script = "trap 'echo x > finished; exit 1' INT; echo ready; while true; do sleep 0.05; done"
    with pytest.raises(ValueError, match="of the reader"), start(tmp_path, script) as running:
        read_and_fail(running)
    assert (tmp_path / "finished").exists()


def interrupt_when_ready(running: RunningTerraform, seen: list[str]) -> None:
    for line in running.lines():
        seen.append(line)
        if line == "ready":
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_asks_once_waits_and_is_raised_afterwards(tmp_path: Path) -> None:
    script = "trap 'echo stopping; sleep 0.2; echo stopped; exit 1' INT; echo ready; while true; do sleep 0.05; done"
    seen: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), start(tmp_path, script) as running, forwarded_interrupts(running):
        interrupt_when_ready(running, seen)
    assert seen == ["ready", "stopping", "stopped"]
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_the_main_threads_ctrl_c_is_left_alone(tmp_path: Path) -> None:
    seen: list[object] = []

    def work() -> None:
        with start(tmp_path, "true") as running, forwarded_interrupts(running):
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_the_program_is_out_of_reach_of_the_terminals_ctrl_c(tmp_path: Path) -> None:
    with start(tmp_path, "ps -o pgid= -o sid= -p $$") as running:
        group, session = next(running.lines()).split()
    assert int(group) != os.getpgrp()
    assert int(session) != os.getsid(0)


OWNER = """
import os, sys
from pathlib import Path
from fleetkit.terraform._lock import held_folder
from fleetkit.terraform._running import RunningTerraform
script, folder, grace_s = sys.argv[1:]
environ = {"PATH": os.environ["PATH"]}
words = ["/bin/sh", "-c", script]
with (
    held_folder(Path(folder), doing="terraform apply") as held,
    RunningTerraform(words, folder=Path(folder), environ=environ, grace_s=float(grace_s), held=held) as running,
):
    for line in running.lines():
        print(line, flush=True)
"""


def start_owner(folder: Path, script: str, *, grace_s: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", textwrap.dedent(OWNER), script, str(folder), str(grace_s)]
    owner = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    return owner


def end(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.wait()
    if owner.stdout is not None:
        owner.stdout.close()


@linux_only
def test_when_the_owner_is_killed_the_program_ends_in_good_order_with_its_output_flowing(tmp_path: Path) -> None:
    """It writes far more than a pipe holds after the owner's death, and would die of a closed one."""
    script = (
        "trap 'i=0; while [ $i -lt 5000 ]; do echo a-line-for-nobody-at-all; i=$((i+1)); done; "
        "echo saved > state; exit 1' INT; echo ready; while true; do sleep 0.05; done"
    )
    end(start_owner(tmp_path, script, grace_s=20))
    await_truth(lambda: not processes_in(tmp_path), what="the program to end")
    assert (tmp_path / "state").read_text(encoding="utf-8") == "saved\n"


@linux_only
def test_when_the_owner_is_killed_its_folder_is_held_until_the_program_has_ended(tmp_path: Path) -> None:
    """What the program started and left behind, as Terraform may a provider, holds nothing."""
    script = "trap '' INT; sleep 300 & echo $! > left; echo ready; while [ ! -e go ]; do sleep 0.05; done"
    end(start_owner(tmp_path, script, grace_s=60))
    with pytest.raises(BusyError, match="terraform apply by"), held_folder(tmp_path, doing="terraform plan"):
        pass
    (tmp_path / "go").write_text("", encoding="utf-8")
    left = int((tmp_path / "left").read_text(encoding="utf-8"))
    await_truth(lambda: processes_in(tmp_path) == [left], what="the program to end")

    def is_free() -> bool:
        # A process that ends shows its folder no more a moment before its files are closed.
        try:
            with held_folder(tmp_path, doing="terraform plan"):
                return True
        except BusyError:
            return False

    try:
        await_truth(is_free, what="the folder to be let go")
    finally:
        os.kill(left, signal.SIGKILL)


@linux_only
def test_when_the_owner_is_killed_a_program_that_does_not_stop_is_killed_with_all_it_started(tmp_path: Path) -> None:
    script = "trap '' INT; sleep 300 & echo ready; while true; do sleep 0.05; done"
    end(start_owner(tmp_path, script, grace_s=0.3))
    await_truth(lambda: not processes_in(tmp_path), what="the program and its child to be killed")


@linux_only
def test_when_the_keeper_is_killed_the_program_is_killed_too(tmp_path: Path) -> None:
    owner = start_owner(tmp_path, "echo ready; exec sleep 300", grace_s=20)
    try:
        keepers = [pid for pid in processes_in(tmp_path) if b"_keeper.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(keepers) == 1
        os.kill(keepers[0], signal.SIGKILL)
        await_truth(lambda: not processes_in(tmp_path), what="the program to be killed")
        assert owner.wait(timeout=10) == 0
    finally:
        end(owner)
