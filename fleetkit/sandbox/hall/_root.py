"""A machine's own root, put together from binds in a mount namespace of its own.

The host's /usr and the interpreter are there read-only at their own paths; what a machine may change
(/etc /var /opt /home /root /srv) are folders of the hall, /run and /tmp live in memory.
Nothing else of the host is there: no home folder, no /run with its sockets, no /sys.
"""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

from fleetkit.sandbox.hall._linux import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    make_read_only,
    mount,
    pivot_root,
)

__all__ = ["BOOT_ID", "NAMES_FOLDER", "cover_names", "find_shared_folders", "make_skeleton", "mount_root"]

NAMES_FOLDER = "/run/sandbox/names"
"""Where a machine finds the hosts file that the hall keeps for it; /etc/hosts points there."""

BOOT_ID = "/proc/sys/kernel/random/boot_id"
"""The kernel's own is one for all machines; init writes another at each boot."""

_OWN = ("etc", "home", "opt", "root", "srv", "var")
_MOUNT_POINTS = ("dev", "proc", "run", "sys", "tmp", "usr")
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_PACKAGE = Path(__file__).resolve().parents[2]
_MEMORY = MS_NOSUID | MS_NODEV


def find_shared_folders() -> tuple[str, ...]:
    """Return the host's folders that every machine sees read-only, outer ones before inner ones.

    /usr, the interpreter that runs this with its packages, and this package itself where it is no part of them.
    Packages on the path that are no ``site-packages`` stay out: they would show whatever lies beside them.
    """
    wanted = ["/usr", sys.base_prefix, sys.prefix]
    wanted += [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    wanted += [path for path in (site.USER_SITE,) if path in sys.path and path is not None]
    wanted += [f"/{name}" for name in _MERGED if Path("/", name).is_dir() and not Path("/", name).is_symlink()]
    wanted += ["/etc/alternatives", str(_PACKAGE)]
    chosen: list[str] = []
    for path in (os.path.realpath(one) for one in wanted):
        if path != "/" and Path(path).is_dir() and not any(Path(path).is_relative_to(other) for other in chosen):
            chosen.append(path)
    return tuple(chosen)


def make_skeleton(root: Path, shared: tuple[str, ...]) -> None:
    """Make the folders of a machine's root, with a place for each shared one; what is there stays."""
    for name in (*_OWN, *_MOUNT_POINTS, "sandbox"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for path in shared:
        (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for name in _MERGED:
        host, own = Path("/", name), root / name
        if host.is_symlink() and not own.is_symlink():
            own.symlink_to(host.readlink())


def mount_root(root: Path, *, shared: tuple[str, ...], names: Path) -> None:
    """Make ``root`` the root of the calling process, which must be pid 1 of a new pid namespace.

    The calling process must be alone in its mount namespace, and loses sight of everything else.
    """
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(str(root), root, None, MS_BIND)
    for name in _OWN:
        mount(str(root / name), root / name, None, MS_BIND)
    make_read_only(root, recursive=False)
    # Before the shared folders: an interpreter may live under /tmp, and would be covered with it.
    mount("tmpfs", root / "run", "tmpfs", _MEMORY, "mode=755,size=64m")
    mount("tmpfs", root / "tmp", "tmpfs", _MEMORY, "mode=1777,size=256m")
    for path in shared:
        target = root / path.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        mount(path, target, None, MS_BIND | MS_REC)
        make_read_only(target)
    _fill_dev(root / "dev")
    own_names = root / NAMES_FOLDER.lstrip("/")
    own_names.mkdir(parents=True)
    mount(str(names), own_names, None, MS_BIND)
    make_read_only(own_names)
    mount("proc", root / "proc", "proc", _MEMORY | MS_NOEXEC)
    # All of it: a file of /proc that belongs to uid 0 of the host asks for no capability, only for the uid.
    make_read_only(root / "proc")
    _cover_boot_id(root)
    pivot_root(root)


def cover_names(names: Path) -> None:
    """Lay the hall's own name files over those in /etc, for a process that sees the host's root otherwise.

    Without them a look-up would leave the hall's network for a name server that cannot be reached.
    """
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    for name in ("hosts", "nsswitch.conf", "resolv.conf"):
        target = Path("/etc", name).resolve()
        if target.exists():
            mount(str(names / name), target, None, MS_BIND)


def _cover_boot_id(root: Path) -> None:
    """Lay a file of the machine's own memory over the kernel's boot id."""
    own = root / "run/boot_id"
    own.touch(0o444)
    mount(str(own), root / BOOT_ID.lstrip("/"), None, MS_BIND)
    own.unlink()


def _fill_dev(dev: Path) -> None:
    mount("tmpfs", dev, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=1m")
    for name in _DEVICES:
        (dev / name).touch()
        mount(f"/dev/{name}", dev / name, None, MS_BIND)
    for name in ("pts", "shm"):
        (dev / name).mkdir()
    mount("devpts", dev / "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("tmpfs", dev / "shm", "tmpfs", _MEMORY, "mode=1777,size=64m")
    (dev / "ptmx").symlink_to("pts/ptmx")
    (dev / "fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")
