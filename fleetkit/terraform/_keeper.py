"""Stands between fleetkit and a running Terraform, as a process of its own; started by path, never imported.

Terraform's work must not end in the middle because the program that asked for it was killed, nor
go on for ever. So the keeper starts Terraform in a process group of its own (a Ctrl-C in the
terminal reaches fleetkit alone), passes on the one request to stop, and notices when fleetkit
is gone: then it asks Terraform to stop gracefully, keeps its output flowing, since a closed pipe
would kill it on the spot, and ends the whole group when the time for that is up. Terraform
is told by the kernel when the keeper itself is killed (Linux only). That signal goes by the thread that
started the process, which is another reason for a keeper with a single thread.

Arguments: seconds of grace, the open file of a lock that is to last as long as Terraform does (-1 for none), the two
read ends of Terraform's output, then Terraform's own command line.
Standard input: one byte ``i`` asks for a stop; its end says that fleetkit is gone.
"""

import os
import select
import signal
import sys
import time

__all__ = ["end_orphan", "exit_code", "keep", "main", "start_terraform", "wait_for_any"]

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 1.0


def start_terraform(words: list[str]) -> int:
    """Start Terraform as a child and return its process id."""
    keeper = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        # Python ignores SIGPIPE, and what is ignored stays so in every program that Terraform starts.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        if sys.platform == "linux":
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != keeper:
                os._exit(1)
        os.execv(words[0], words)  # noqa: S606  # a list of words, and no shell
    except OSError as error:
        os.write(2, f"cannot start {words[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def keep(words: list[str], *, grace_s: float, outputs: tuple[int, int]) -> int:
    """Run Terraform to its end and return its exit code."""
    owner = os.getppid()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    child = start_terraform(words)
    watched = {0, woken}
    while True:
        ready = wait_for_any(watched)
        if woken in ready:
            os.read(woken, 512)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return exit_code(status)
        order = os.read(0, 1) if 0 in ready else None
        if order == b"i":
            os.kill(child, signal.SIGINT)
        # A fork of fleetkit can hold the other end of standard input open after its death.
        elif order == b"" or os.getppid() != owner:
            return end_orphan(child, woken, grace_s=grace_s, outputs=outputs)


def end_orphan(child: int, woken: int, *, grace_s: float, outputs: tuple[int, int]) -> int:
    """Let Terraform end in good order and keep its output flowing; kill the whole group when its time is up."""
    deadline = time.monotonic() + grace_s
    os.kill(child, signal.SIGINT)
    watched = {woken, *outputs}
    while time.monotonic() < deadline:
        for number in wait_for_any(watched):
            if not os.read(number, 65536):
                watched.discard(number)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return exit_code(status)
    os.killpg(0, signal.SIGKILL)
    return 128 + signal.SIGKILL


def wait_for_any(descriptors: set[int]) -> list[int]:
    """Wait until one of them can be read, but not longer than the owner may go unwatched."""
    ready, _, _ = select.select(descriptors, [], [], _LOOK_EVERY_S)
    return ready


def exit_code(status: int) -> int:
    """Return the exit code for a wait status, as a shell counts a signal."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def main() -> int:
    """Read the arguments and keep."""
    grace_s, held, first, second, *words = sys.argv[1:]
    outputs = (int(first), int(second))
    # The lock too is the keeper's alone: a provider that is slow to go would hold it beyond Terraform's end.
    for mine in (*outputs, *([int(held)] if int(held) >= 0 else [])):
        os.set_inheritable(mine, False)
    # State, plans and crash logs hold secrets in clear.
    os.umask(0o077)
    return keep(words, grace_s=float(grace_s), outputs=outputs)


if __name__ == "__main__":
    sys.exit(main())
