"""The throw-away child of the probe: takes the real steps towards a hall, and says which one it is at.

Each step's name is a line on standard output before it is taken; the last line is ``done``.
The reason of a failure is the one line on standard error.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fleetkit.sandbox.hall import _linux
from fleetkit.sandbox.hall._entrance import DONE, enter_user_namespace
from fleetkit.sandbox.hall._firewall import Firewall
from fleetkit.sandbox.hall._links import Router

__all__ = ["main"]

T = TypeVar("T")

_ONE, _OTHER = "10.255.0.1", "10.255.0.2"
_PORT = 80


def main() -> int:
    """Take all steps; return 0 when each of them was possible."""
    try:
        _take("user-namespace", enter_user_namespace)
        _take("pid-namespace", _linux.die_with_parent)
        return _try_inside()
    except OSError as error:
        return _fail(error)


def _try_inside() -> int:
    base = Path(tempfile.mkdtemp(prefix="fleetkit-")).resolve()
    child = os.fork()
    if child == 0:
        os._exit(_inner(base))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # Never a walk through it: what the trial mounts there is the computer's own /usr.
    base.rmdir()
    return code


def _inner(base: Path) -> int:
    try:
        # Mounts of its own, which end with it: to its parent the folder stays empty.
        _linux.unshare(_linux.CLONE_NEWNS)
        _linux.mount("none", "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
        flags = _linux.MS_NOSUID | _linux.MS_NODEV | _linux.MS_NOEXEC
        _take("mount-proc", lambda: _linux.mount("proc", "/proc", "proc", flags))
        _take("mount-root", lambda: _mount_root(base))
        router = _take("network", Router)
        spaces = _take("lines", lambda: [router.add_machine(address)[0] for address in (_ONE, _OTHER)])
        firewall = _take("firewall", Firewall)
        firewall.set_policy([(_ONE, _OTHER, "tcp", (_PORT, _PORT))])
        firewall.set_faults(cut_ports=[], partitions=[], unplugged=[])
        _take("traffic", lambda: _try_traffic(router, *spaces))
        _take("privileges", _linux.drop_privileges)
    except OSError as error:
        return _fail(error)
    sys.stdout.write(f"{DONE}\n")
    sys.stdout.flush()
    return 0


def _take(step: str, act: Callable[[], T]) -> T:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()
    return act()


def _fail(error: OSError) -> int:
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    return 1


def _mount_root(base: Path) -> None:
    # A folder of the trial's own: the interpreter that runs this may itself live under /tmp.
    _linux.mount("tmpfs", base, "tmpfs", _linux.MS_NOSUID | _linux.MS_NODEV, "mode=755,size=1m")
    root = base / "root"
    for name in ("usr", "dev"):
        (root / name).mkdir(parents=True)
    _linux.mount("/usr", root / "usr", None, _linux.MS_BIND | _linux.MS_REC)
    _linux.make_read_only(root / "usr")
    _linux.mount("devpts", root / "dev", "devpts", _linux.MS_NOSUID, "newinstance,ptmxmode=0666")


def _try_traffic(router: Router, one: int, other: int) -> None:
    ends = []
    for space in (one, other):
        _linux.setns(space, _linux.CLONE_NEWNET)
        ends.append(socket.socket())
    _linux.setns(router.namespace, _linux.CLONE_NEWNET)
    with ends[0] as caller, ends[1] as listener:
        listener.bind((_OTHER, _PORT))
        listener.listen()
        caller.settimeout(3)
        caller.connect((_OTHER, _PORT))


if __name__ == "__main__":
    sys.exit(main())
