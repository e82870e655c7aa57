"""A hall ends with the process that started it, however that ends, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.hall_rooms import add_plain, open_hall, skip_where_forbidden

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox.hall import Hall, HallError, HallUnavailableError, require_hall

pytestmark = pytest.mark.sandbox

REPOSITORY = Path(__file__).resolve().parents[3]
A_SECOND = Patience(deadline_s=1.0, interval_s=0.02)
UP = Patience(deadline_s=10.0, interval_s=0.05)


def find_processes(*marks: str) -> list[str]:
    """Return the command lines of this computer's processes that carry one of the marks."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if any(mark in line for mark in marks) and "hall_controller" not in line:
                    found.append(f"{entry.name} {line}")
    return found


@dataclass(frozen=True, slots=True)
class Controller:
    process: subprocess.Popen[str]
    stub_pid: int
    folder: Path
    mark: str

    def processes(self) -> list[str]:
        return find_processes(str(self.folder), self.mark)

    def await_nothing(self) -> None:
        def look() -> bool | NotYet[bool]:
            left = self.processes()
            return NotYet("; ".join(left)) if left else True

        wait_until(look, what="the hall to be gone", patience=A_SECOND)
        assert str(self.folder) not in Path("/proc/self/mountinfo").read_text()


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    try:
        require_hall()
    except HallUnavailableError as error:
        skip_where_forbidden(error)
    folder, mark = tmp_path / f"hall-{uuid.uuid4().hex}", f"98{uuid.uuid4().int % 10**8}"
    path = os.pathsep.join([str(REPOSITORY / "tests"), str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, str(REPOSITORY / "tests/support/hall_controller.py"), str(folder), mark],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        try:
            stub_pid = int(process.stdout.readline())
            running = Controller(process, stub_pid, folder, mark)
            # Stub, agent and init by the folder; two programs and their children by the mark.
            wait_until(
                lambda: True if len(running.processes()) >= 7 else NotYet(str(running.processes())),
                what="all processes",
                patience=UP,
            )
            yield running
        finally:
            process.kill()


def test_nothing_is_left_a_second_after_the_controller_is_killed(controller: Controller) -> None:
    controller.process.send_signal(signal.SIGKILL)
    controller.process.wait()
    controller.await_nothing()


def test_nothing_is_left_when_the_stub_is_killed(controller: Controller) -> None:
    os.kill(controller.stub_pid, signal.SIGKILL)
    controller.await_nothing()


def test_nothing_is_left_when_the_agent_is_killed(controller: Controller) -> None:
    parent = f"\nPPid:\t{controller.stub_pid}\n"
    pids = [line.split()[0] for line in controller.processes()]
    agent = next(pid for pid in pids if parent in Path(f"/proc/{pid}/status").read_text())
    os.kill(int(agent), signal.SIGKILL)
    controller.await_nothing()


def test_stop_ends_everything_and_later_calls_say_so(tmp_path: Path) -> None:
    mark = f"97{uuid.uuid4().int % 10**8}"
    with open_hall(tmp_path / "hall") as hall:
        add_plain(hall, "a", "10.77.1.10").exec(["sleep", mark]).close()
        hall.stop()
        assert find_processes(mark, str(tmp_path)) == []
        with pytest.raises(HallError, match="ended"):
            hall.set_rules([])


def test_a_removed_machine_leaves_no_process_and_no_file(hall: Hall) -> None:
    mark = f"96{uuid.uuid4().int % 10**8}"
    machine = add_plain(hall, "a", "10.77.1.10")
    running = machine.exec(["bash", "-c", f"setsid sleep {mark} & sleep {mark}"])
    wait_until(lambda: True if len(find_processes(mark)) >= 2 else NotYet(""), what="both", patience=UP)
    hall.remove_machine("a")
    assert find_processes(mark) == []
    assert running.wait(timeout_s=1) == -signal.SIGKILL
    assert not machine.folder.exists()
    running.close()
