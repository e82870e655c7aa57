"""A small systemd of its own for a fleetd that runs alone: the one of the sandbox's machines, as a process beside it.

What it runs are programs of this computer, by the user who started fleetd; they end with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox import machine
from fleetkit.sandbox.hall import _linux
from fleetkit.sandbox.machine.control import Verb, serve_control
from fleetkit.sandbox.machine.spawn import Children
from fleetkit.sandbox.machine.systemd.journal import Journal
from fleetkit.sandbox.machine.systemd.journalctl import Journalctl
from fleetkit.sandbox.machine.systemd.manager import Manager
from fleetkit.sandbox.machine.systemd.store import UnitStore
from fleetkit.sandbox.machine.systemd.systemctl import Systemctl

__all__ = ["main", "run_own_systemd"]

_UNITS = Path(machine.__file__).parent / "units" / "flatcar"
_PATIENCE = Patience(deadline_s=20, interval_s=0.02)


@contextlib.contextmanager
def run_own_systemd(folder: Path, *, control: Path) -> Iterator[None]:
    """Run one for the time of the block, which answers at the socket ``control``.

    Raises
    ------
    WaitTimeoutError
        When it does not answer in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    control.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "fleetkit.sandbox.fleetd.own_systemd", str(folder), str(control)]
    with subprocess.Popen([*command, str(os.getpid())], start_new_session=True) as process:
        try:
            wait_until(
                lambda: True if control.exists() else NotYet(f"its exit code is {process.poll()}"),
                what="the units' manager",
                patience=_PATIENCE,
            )
            yield
        finally:
            process.terminate()


def main(folder: Path, control: Path) -> None:
    """Manage units until a signal."""
    asyncio.run(_serve(folder, control))


async def _serve(folder: Path, control: Path) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    children = Children({})
    children.watch()
    journal = Journal(folder / "var/log/journal")
    manager = Manager(store=UnitStore(image=_UNITS, root=folder), children=children, journal=journal)
    verbs: dict[str, Verb] = {
        "journalctl": Journalctl(journal),
        "systemctl": Systemctl(manager, power=lambda _: ended.set()),
    }
    server = await serve_control(verbs, place=control)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    # Ended with fleetd, and its units with it, as a machine's units end with the machine.
    _linux.die_with_parent()
    if os.getppid() == int(sys.argv[3]):
        main(Path(sys.argv[1]), Path(sys.argv[2]))
