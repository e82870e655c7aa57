"""Starting processes inside: the forks of the agent, and what each child does before it runs anything.

A child never returns into the agent's code: it runs its program, or leaves with a code.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys
import termios
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from fleetkit.sandbox.hall import _linux

__all__ = ["fork_child", "keep_only", "read_failure", "run_program"]

_FAILED_TO_START = 127


def fork_child(work: Callable[[], None], *, pid_namespace: int | None = None, own_pid_namespace: int) -> int:
    """Fork a child that does ``work`` and return its pid as the caller sees it.

    Parameters
    ----------
    pid_namespace
        Namespace in which the child is to be; None makes a new one, whose pid 1 the child is.
        The caller's own one is told by giving ``own_pid_namespace`` itself.
    own_pid_namespace
        The caller's own, to which its next children return.
    """
    try:
        if pid_namespace is None:
            _linux.unshare(_linux.CLONE_NEWPID)
        elif pid_namespace != own_pid_namespace:
            _linux.setns(pid_namespace, _linux.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            _be_child(work)
    finally:
        _linux.setns(own_pid_namespace, _linux.CLONE_NEWPID)
    return pid


def _be_child(work: Callable[[], None]) -> NoReturn:
    code = _FAILED_TO_START
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the child must not go on as a second agent
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


def keep_only(fds: Sequence[int]) -> list[int]:
    """Close every descriptor but ``fds``, move these to 0, 1, 2 … in their order, and return the new numbers."""
    # Out of the way first, so that no move lands on one that is still to be moved.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100 + len(fds)) for fd in fds]
    for number, fd in enumerate(high):
        os.dup2(fd, number, inheritable=True)
    last, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(len(fds), last)
    return list(range(len(fds)))


def run_program(argv: Sequence[str], *, env: dict[str, str], cwd: str, tty: bool, complaint: int) -> NoReturn:
    """Become the program ``argv``, without capabilities and in a session of its own.

    What prevents it is written to the descriptor ``complaint``, which a start that succeeds closes.
    """
    os.setsid()
    if tty:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    try:
        os.set_inheritable(complaint, False)
        _linux.drop_privileges()
        os.umask(0o022)
        os.chdir(cwd)
    except OSError as error:
        os.write(complaint, str(error).encode())
        os._exit(_FAILED_TO_START)
    try:
        os.execvpe(argv[0], list(argv), env)  # noqa: S606 - becoming a given program is what this is for
    except OSError as error:
        # The error's own file name is the last place looked at, which is not what was asked for.
        os.write(complaint, f"{argv[0]}: {error.strerror}".encode())
    os._exit(_FAILED_TO_START)


def read_failure(pipe: int) -> str | None:
    """Wait until the program behind ``pipe`` has started, and return what prevented it, or None."""
    text = b""
    while part := os.read(pipe, 4096):
        text += part
    return text.decode(errors="replace") or None
