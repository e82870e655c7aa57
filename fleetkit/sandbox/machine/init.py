"""Pid 1 of a machine: takes the user data from the metadata service, and runs the units until the end.

Called in a fork of the hall's agent, in the machine's own namespaces and root, without capabilities.
Standard error is the machine's console; ``events`` is a file to which it appends how far it has come.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import sys
import traceback
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

# Imported here so that the agent has it in memory before it forks the first machine: a fork is cheap, an import is not.
import asyncssh as _preloaded  # noqa: F401

from fleetkit.core import FleetkitError
from fleetkit.sandbox.hall import BOOT_ID, REBOOT_SIGNAL
from fleetkit.sandbox.machine.control import Verb, serve_control
from fleetkit.sandbox.machine.docker.daemon import Docker
from fleetkit.sandbox.machine.firstboot import BootError, boot_first_time, wanted_at_first_boot
from fleetkit.sandbox.machine.inner import INNER_PROGRAMS
from fleetkit.sandbox.machine.spawn import Children
from fleetkit.sandbox.machine.systemd.journal import Journal
from fleetkit.sandbox.machine.systemd.journalctl import Journalctl
from fleetkit.sandbox.machine.systemd.live import JobFailedError
from fleetkit.sandbox.machine.systemd.manager import Manager
from fleetkit.sandbox.machine.systemd.store import UnitMaskedError, UnitNotFoundError, UnitStore
from fleetkit.sandbox.machine.systemd.systemctl import Systemctl

__all__ = ["main"]

_BOOTED = Path("/var/lib/sandbox/booted")
_BOOT_ID = Path(BOOT_ID)
_IMAGE_UNITS = Path(__file__).resolve().parent / "units"
_GOAL = "multi-user.target"


class _Events:
    """Tells the hall how far the machine has come."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def tell(self, state: str, why: str | None = None) -> None:
        os.write(self._fd, json.dumps({"state": state, "why": why}).encode() + b"\n")


def main(machine: str, *, kind: str, hostname: str, address: str, events: int) -> None:
    """Boot the machine and run it; return when it is powered off."""
    # What was there before the fork is shared with all machines, as long as nobody looks through it for garbage.
    gc.freeze()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    told = _Events(events)
    try:
        while True:
            told.tell("booting")
            _renew_boot_id()
            verb = asyncio.run(_run(machine, kind=kind, hostname=hostname, address=address, events=told))
            _forget_memory()
            if verb != "reboot":
                break
    except Exception as error:
        traceback.print_exc()
        told.tell("failed", f"init of the machine ended: {type(error).__name__}: {error}")
        raise
    told.tell("stopped")


async def _run(machine: str, *, kind: str, hostname: str, address: str, events: _Events) -> str:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str] = loop.create_future()

    def end(verb: str) -> None:
        if not ended.done():
            ended.set_result(verb)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, "poweroff")
    loop.add_signal_handler(REBOOT_SIGNAL, end, "reboot")
    children = Children(INNER_PROGRAMS)
    children.watch()
    journal = Journal(Path("/var/log/journal"))
    journal.say(None, f"machine {machine} ({kind}) at {address} boots")
    store = UnitStore(image=_IMAGE_UNITS / kind)
    manager = Manager(store=store, children=children, journal=journal)
    verbs: dict[str, Verb] = {
        "docker": Docker(children),
        "journalctl": Journalctl(journal),
        "systemctl": Systemctl(manager, power=end),
    }
    control = await serve_control(verbs)
    booting = asyncio.create_task(_boot(manager, kind=kind, hostname=hostname, events=events))
    either: list[asyncio.Future[Any]] = [booting, ended]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if booting.done():
        # What went wrong in a way that nobody foresaw ends init, and with it the machine.
        booting.result()
    verb = await ended
    booting.cancel()
    control.close()
    journal.say(None, f"the machine ends: {verb}")
    return verb


def _renew_boot_id() -> None:
    """Give this boot an id of its own, by which programs know one from the next."""
    _BOOT_ID.chmod(0o644)
    _BOOT_ID.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
    _BOOT_ID.chmod(0o444)


def _forget_memory() -> None:
    """Kill all that runs, and empty what a real machine keeps in memory alone."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    for folder in (Path("/run"), Path("/tmp")):  # noqa: S108 - the machine's own
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                # The hall's name files are mounted below /run and stay.
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


async def _boot(manager: Manager, *, kind: str, hostname: str, events: _Events) -> None:
    journal = manager.journal
    try:
        if not _BOOTED.exists():
            Path("/etc/machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")
            Path("/etc/hostname").write_text(f"{hostname}\n", encoding="ascii")
            # It blocks the loop, as the first stage of a boot does: nothing runs yet that could ask init.
            boot_first_time(kind, lambda text: journal.say(None, text))
            _enable_units(manager, kind)
            _BOOTED.parent.mkdir(parents=True, exist_ok=True)
            _BOOTED.touch()
        await manager.start(_GOAL)
    except (BootError, FleetkitError, JobFailedError, UnitNotFoundError, UnitMaskedError) as error:
        journal.say(None, f"the boot failed: {error}")
        events.tell("failed", str(error))
        return
    failed = sorted(
        live.name for live in manager.live.values() if live.active == "failed" or live.sub == "auto-restart"
    )
    why = f"not started: {', '.join(failed)}" if failed else None
    journal.say(None, f"the machine is up{'' if why is None else f'; {why}'}")
    events.tell("running", why)


def _enable_units(manager: Manager, kind: str) -> None:
    for name in wanted_at_first_boot(kind):
        try:
            if not manager.store.enable(name):
                manager.journal.say(name, f"Unit {name} is enabled, but has no install section; it is not started.")
        except UnitMaskedError:
            continue
        except UnitNotFoundError as error:
            manager.journal.say(name, f"cannot be enabled: {error}")


if __name__ == "__main__":
    sys.exit("init is called by the hall, not by hand")
