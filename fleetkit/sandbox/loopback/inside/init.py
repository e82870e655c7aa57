"""Init of a machine in the loopback mode: boots it, keeps its programs running, and ends with the hall.

Started by `LoopbackHall` as ``python -m fleetkit.sandbox.loopback.inside.init``; standard error is the machine's log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import uuid
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from fleetkit.core import WaitTimeoutError
from fleetkit.sandbox.loopback.inside.fetch import FetchError, fetch
from fleetkit.sandbox.loopback.inside.first_boot import BootError, prepare
from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.loopback.inside.programs import Program, find_programs
from fleetkit.sandbox.loopback.inside.relay import open_relay
from fleetkit.sandbox.loopback.inside.ssh import open_ssh
from fleetkit.sandbox.machine.spawn import Children, StartError
from fleetkit.sandbox.machine.ssh.config import SshdConfigError

__all__ = ["main"]

_AGAIN_S = 2.0
_BOOTED = "/var/lib/sandbox/booted"


class _Init:
    """One machine's life."""

    def __init__(self, here: Here, *, kind: str, hostname: str, lifeline: int) -> None:
        self._here = here
        self._kind = kind
        self._hostname = hostname
        self._lifeline = lifeline
        self._children = Children({})
        self._pids: set[int] = set()
        self._open: list[Any] = []

    async def run(self) -> None:
        """Boot, and go on until a signal or the end of the hall."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        # Nothing is ever written to it: readable means that whoever held the other end is gone.
        loop.add_reader(self._lifeline, ended.set)
        self._children.watch()
        living = asyncio.create_task(self._live())
        waiting = asyncio.create_task(ended.wait())
        try:
            await asyncio.wait([living, waiting], return_when=asyncio.FIRST_COMPLETED)
            if living.done():
                living.result()
        finally:
            living.cancel()
            waiting.cancel()
            await self._end_programs()

    async def _live(self) -> None:
        self._tell("booting")
        await self._boot()
        await self._fetch()
        relay, url = await open_relay(self._here)
        self._open.append(relay)
        programs, faults = find_programs(self._here, relay=url)
        try:
            self._open += await open_ssh(self._here)
        except (SshdConfigError, OSError) as error:
            faults.append(f"sshd: {error}")
        keeping = [asyncio.create_task(self._keep(one)) for one in programs]
        for fault in faults:
            self._here.say(f"not started: {fault}")
        self._tell("running", "; ".join(faults) or None)
        self._here.say(f"the machine is up; programs: {', '.join(one.name for one in programs) or 'none'}")
        await asyncio.gather(*keeping)
        await asyncio.Event().wait()

    async def _boot(self) -> None:
        booted = self._here.path(_BOOTED)
        if booted.exists():
            return
        await self._try_until_done("the first boot", lambda: prepare(self._here, kind=self._kind))
        self._here.path("/etc/machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")
        self._here.path("/etc/hostname").write_text(f"{self._hostname}\n", encoding="ascii")
        booted.parent.mkdir(parents=True, exist_ok=True)
        booted.touch()

    async def _fetch(self) -> None:
        await self._try_until_done("the fetch", lambda: self._here.say(f"fetched {fetch(self._here)} files"))

    async def _try_until_done(self, what: str, act: Callable[[], None]) -> None:
        """Do what may have to wait for others; between tries signals and the lifeline are heard."""
        while True:
            try:
                act()
            except (WaitTimeoutError, FetchError, OSError) as error:
                self._here.say(f"{what} failed, tried again in {_AGAIN_S:g} s: {error}")
                self._tell("running", f"{what} failed: {error}")
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    async def _keep(self, program: Program) -> None:
        """Run a program, and start it again whenever it ends, as its unit would."""
        while True:
            try:
                pid = self._start(program)
            except StartError as error:
                self._here.say(f"{program.name} cannot be started: {error}")
            else:
                self._pids.add(pid)
                code = await self._children.wait(pid)
                self._pids.discard(pid)
                self._here.say(f"{program.name} ended with {code}; it is started again in {program.pause_s:g} s")
            await asyncio.sleep(program.pause_s)

    def _start(self, program: Program) -> int:
        log = self._here.path(f"/var/log/journal/{program.name}.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        opened = [os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)]
        try:
            fds = [opened[0], opened[1], opened[1]]
            if program.socket is not None:
                opened.append(_listen_unix(program.socket))
                fds.append(opened[-1])
            return self._children.start(program.argv, env=program.environment, fds=fds)
        finally:
            for fd in opened:
                os.close(fd)

    async def _end_programs(self) -> None:
        for listener in self._open:
            listener.close()
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        waits: list[Coroutine[Any, Any, int]] = [self._children.wait(pid) for pid in self._pids]
        await asyncio.gather(*waits)

    def _tell(self, state: str, why: str | None = None) -> None:
        with (self._here.folder / "events.jsonl").open("a", encoding="utf-8") as events:
            events.write(json.dumps({"state": state, "why": why}) + "\n")

    def fail(self, why: str) -> None:
        """Say that the machine could not boot."""
        self._here.say(f"the boot failed: {why}")
        self._tell("failed", why)


def _listen_unix(path: Path) -> int:
    """Return a listening unix socket; the path is reached by its folder's descriptor, because it may be long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o600)
        listener.listen(64)
        return listener.detach()
    finally:
        os.close(folder)


def main(argv: list[str]) -> int:
    """Run a machine to its end; 1 where it could not boot."""
    parser = argparse.ArgumentParser(prog="fleetkit.sandbox.loopback.inside.init")
    for name in ("hall", "folder", "address", "hostname", "kind"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--lifeline", type=int, required=True)
    given = parser.parse_args(argv)
    here = Here(hall=Path(given.hall), folder=Path(given.folder), address=given.address)
    init = _Init(here, kind=given.kind, hostname=given.hostname, lifeline=given.lifeline)
    try:
        asyncio.run(init.run())
    except (BootError, OSError, LookupError) as error:
        init.fail(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
