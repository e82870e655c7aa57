"""Starting a program from a machine's init: which descriptors it gets, what kept it from starting, how it ended.

Init is single-threaded and the parent of all that loses its parent, so it collects every child in one place.
Programs of ours that need large libraries run in a plain fork of init, which has them in memory already.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fleetkit.sandbox.hall import _linux
from fleetkit.sandbox.hall.spawning import keep_only, read_failure
from fleetkit.sandbox.machine.standins import find_stand_in

__all__ = ["Children", "Inner", "StartError", "find_program"]

Inner = Callable[[list[str], dict[str, str]], int]
"""A program of ours: gets its words and environment, returns its exit code."""

_SEARCHED = ("/sandbox/bin", "/opt/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
_FIRST_PASSED = 3


class StartError(OSError):
    """A program could not be started; the text says why."""


class Children:
    """Starts programs and knows how those it started ended.

    Parameters
    ----------
    inner
        Programs of ours by name.
    """

    def __init__(self, inner: Mapping[str, Inner]) -> None:
        self._inner = inner
        self._waiting: dict[int, asyncio.Future[int]] = {}

    def watch(self) -> None:
        """Collect children from now on, in the running loop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._collect)

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        fds: Sequence[int],
        cwd: str = "/",
        own_name: str | None = None,
    ) -> int:
        """Start a program and return its pid.

        Parameters
        ----------
        fds
            Its descriptors from 0 on; those past 2 are told to it as systemd tells sockets (LISTEN_FDS).
        own_name
            What it sees as its own name, where that is not the program's.

        Raises
        ------
        StartError
            When it cannot be started.
        """
        program = find_program(argv[0])
        inner = self._inner.get(Path(program).name) if program.startswith("/sandbox/bin/") else None
        complaints, complaint = os.pipe()
        init = os.getpid()
        pid = os.fork()
        if pid == 0:
            words = [own_name or argv[0], *argv[1:]]
            _become(program, words, dict(env), cwd=cwd, fds=fds, complaint=complaint, inner=inner, init=init)
        os.close(complaint)
        try:
            failure = read_failure(complaints)
        finally:
            os.close(complaints)
        if failure is not None:
            os.waitpid(pid, 0)
            raise StartError(failure)
        self._waiting[pid] = asyncio.get_running_loop().create_future()
        return pid

    async def wait(self, pid: int) -> int:
        """Wait for a started program's end and return its code; negative is the signal that ended it."""
        code = await asyncio.shield(self._waiting[pid])
        self._waiting.pop(pid, None)
        return code

    def _collect(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            ended = self._waiting.get(pid)
            if ended is not None and not ended.done():
                ended.set_result(os.waitstatus_to_exitcode(status))


def find_program(name: str) -> str:
    """Return the path that a program's name means on a machine, a stand-in's where there is one.

    Raises
    ------
    StartError
        When there is none of that name on the path.
    """
    stand_in = find_stand_in(name)
    if stand_in is not None:
        return stand_in
    if "/" in name:
        return name
    for folder in _SEARCHED:
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    raise StartError(f"Failed to locate executable {name}: No such file or directory")


def _become(
    program: str,
    words: list[str],
    env: dict[str, str],
    *,
    cwd: str,
    fds: Sequence[int],
    complaint: int,
    inner: Inner | None,
    init: int,
) -> None:
    code = 203  # systemd's own code for a program that cannot be run
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if inner is not None:
            # A reader that goes away is an error to be caught in Python, and no end of the program.
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        # A namespace of its own would see to it; without one, nothing else keeps a program from outliving init.
        _linux.die_with_parent()
        if os.getppid() != init:
            return
        os.setsid()
        kept = keep_only((*fds, complaint))
        os.set_inheritable(kept[-1], False)
        if len(fds) > _FIRST_PASSED:
            env |= {"LISTEN_FDS": str(len(fds) - _FIRST_PASSED), "LISTEN_PID": str(os.getpid())}
        try:
            os.chdir(cwd)
            if inner is None:
                os.execve(program, words, env)  # noqa: S606 - becoming a given program is what this is for
        except OSError as error:
            os.write(kept[-1], f"Failed at step EXEC spawning {program}: {error.strerror}".encode())
            return
        os.close(kept[-1])
        if inner is not None:
            os.environ.clear()
            os.environ.update(env)
            code = inner(words, env)
            sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - whatever it was, the child must not go on as a second init
        code = 1
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)
