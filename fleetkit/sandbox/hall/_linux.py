"""The kernel calls that Python 3.11 lacks: namespaces, mounts, capabilities.

Each function raises `OSError` with the kernel's errno and the name of the call.
Numbers are those of Linux on x86_64 and, where they differ, are looked up by machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
from pathlib import Path

__all__ = [
    "CLONE_NEWIPC",
    "CLONE_NEWNET",
    "CLONE_NEWNS",
    "CLONE_NEWPID",
    "CLONE_NEWUSER",
    "CLONE_NEWUTS",
    "MS_BIND",
    "MS_NODEV",
    "MS_NOEXEC",
    "MS_NOSUID",
    "MS_PRIVATE",
    "MS_REC",
    "die_with_parent",
    "drop_privileges",
    "make_read_only",
    "mount",
    "pivot_root",
    "set_hostname",
    "set_name",
    "setns",
    "umount_detached",
    "unshare",
]

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_MNT_DETACH = 2
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_ATTR_RDONLY = 0x1
_ATTR_NOSUID = 0x2
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAP_VERSION_3 = 0x20080522
_SIGKILL = 9
_SYS_MOUNT_SETATTR = 442  # the same on every architecture that was given it
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name for new ones."""
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    """Enter the namespace (or, for a pidfd, the namespaces) behind ``fd``."""
    _check(_libc.setns(fd, flags), "setns")


def mount(source: str, target: str | Path, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount ``source`` on ``target``."""
    _check(
        _libc.mount(
            source.encode(),
            os.fsencode(target),
            None if kind is None else kind.encode(),
            ctypes.c_ulong(flags),
            None if options is None else options.encode(),
        ),
        f"mount {kind or 'bind'} on {target}",
    )


def make_read_only(target: str | Path, *, recursive: bool = True) -> None:
    """Make a mount read-only and its set-uid bits void, by default with all that is mounted below it.

    Needs Linux 5.12: older kernels cannot do it in one step for what lies below.
    """
    attributes = struct.pack("=QQQQ", _ATTR_RDONLY | _ATTR_NOSUID, 0, 0, 0)
    result = _libc.syscall(
        _SYS_MOUNT_SETATTR,
        _AT_FDCWD,
        os.fsencode(target),
        _AT_RECURSIVE if recursive else 0,
        attributes,
        len(attributes),
    )
    _check(result, f"mount_setattr {target}")


def pivot_root(new_root: str | Path) -> None:
    """Make ``new_root`` (a mount) the root, and let go of the old one with all its mounts."""
    os.chdir(new_root)
    number = _SYS_PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(38, f"pivot_root: not known for {platform.machine()}")
    # Both arguments the same: the old root then lies over the new one, and detaching uncovers it.
    _check(_libc.syscall(number, b".", b"."), "pivot_root")
    umount_detached(".")
    os.chdir("/")


def umount_detached(target: str | Path) -> None:
    """Take a mount out of the tree at once, whoever still uses it."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def set_hostname(name: str) -> None:
    """Set the host name of this UTS namespace."""
    raw = name.encode()
    _check(_libc.sethostname(raw, len(raw)), "sethostname")


def set_name(name: str) -> None:
    """Name this process as ``ps`` shows it; the kernel keeps 15 characters."""
    _check(_libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0), "prctl PR_SET_NAME")


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that made it ends.

    Call it after entering a user namespace, because a change of credentials clears the wish.
    """
    _check(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0), "prctl PR_SET_PDEATHSIG")


def drop_privileges() -> None:
    """Give up every capability for good, for this process and for all that it starts."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS")
    # A kernel that predates ambient capabilities has none to clear.
    with contextlib.suppress(OSError):
        _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl PR_CAP_AMBIENT")
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    for capability in range(last + 1):
        _check(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl PR_CAPBSET_DROP")
    header = struct.pack("=Ii", _CAP_VERSION_3, 0)
    _check(_libc.capset(header, struct.pack("=6I", *([0] * 6))), "capset")
