"""Who exists on a machine, and who owns what: names without powers.

The kernel gives an ordinary user one single uid to hand out, so every process of a machine runs as uid 0
and every file belongs to it. Changing the owner to anybody else is refused by the kernel (EINVAL).
The stand-ins for ``chown``, ``chgrp`` and ``install`` therefore check the names and write the wish down
as an extended attribute of the file, which a later ``mv`` on the same disk keeps. Who judges by owners
(the docker stand-in, when a container runs as another user) reads it there.
Nothing else in a machine is kept from anybody by an owner.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

__all__ = ["GROUPS", "OWNER_ATTRIBUTE", "USERS", "User", "find_ids", "read_owner", "record_owner"]

OWNER_ATTRIBUTE = "user.fleetkit.owner"
"""Holds ``uid:gid``; a file without it belongs to ``0:0``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A line of /etc/passwd; the group of the same name has the same number."""

    name: str
    uid: int
    home: str
    login: str = "/bin/bash"
    kinds: tuple[str, ...] = ("flatcar", "ubuntu")


USERS = (
    User(name="root", uid=0, home="/root"),
    User(name="daemon", uid=1, home="/usr/sbin", login="/usr/sbin/nologin"),
    User(name="core", uid=500, home="/home/core", kinds=("flatcar",)),
    User(name="etcd", uid=232, home="/var/lib/etcd", login="/usr/sbin/nologin", kinds=("flatcar",)),
    User(name="fleet", uid=253, home="/var/lib/fleet", login="/usr/sbin/nologin", kinds=("flatcar",)),
    User(name="ubuntu", uid=1000, home="/home/ubuntu", kinds=("ubuntu",)),
    User(name="nobody", uid=65534, home="/nonexistent", login="/usr/sbin/nologin"),
)
"""uids of Flatcar's and Ubuntu's own images, as far as fleetkit's machines name them."""

GROUPS = {"adm": 4, "docker": 233, "sudo": 27, "wheel": 10}
"""Groups without a user of the same name."""


def find_ids(user: str, group: str, *, root: Path = Path("/")) -> tuple[int, int]:
    """Return the numbers of a user and a group, each given by name or number.

    Raises
    ------
    LookupError
        When the machine has none of that name.
    """
    return _find_id(root / "etc/passwd", user, "user"), _find_id(root / "etc/group", group, "group")


def _find_id(table: Path, name: str, what: str) -> int:
    if name.isdigit():
        return int(name)
    for line in table.read_text(encoding="ascii").splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return int(fields[2])
    raise LookupError(f"unknown {what} {name!r}")


def read_owner(path: Path | str) -> tuple[int, int]:
    """Return the uid and gid that the file was last given, ``(0, 0)`` when it never was given any."""
    try:
        text = os.getxattr(path, OWNER_ATTRIBUTE).decode("ascii")
    except OSError:
        return 0, 0
    uid, _, gid = text.partition(":")
    return int(uid), int(gid)


def record_owner(path: Path | str, uid: int, gid: int) -> None:
    """Write down that the file is to belong to ``uid`` and ``gid``.

    A file system without such attributes loses the wish; the file is then root's for whoever asks.
    """
    if (uid, gid) == read_owner(path):
        return
    mode = stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116 - text or Path
    try:
        # uid 0 has no powers in a machine: a file that its owner may not write takes no attribute either.
        os.chmod(path, mode | stat.S_IWUSR)  # noqa: PTH101 - the same
        os.setxattr(path, OWNER_ATTRIBUTE, f"{uid}:{gid}".encode("ascii"))
    except OSError as error:
        if error.errno not in _NOT_KEPT:
            raise
    finally:
        os.chmod(path, mode)  # noqa: PTH101 - the same


_NOT_KEPT = (95, 1)  # ENOTSUP by file systems without attributes, EPERM for devices and sockets
