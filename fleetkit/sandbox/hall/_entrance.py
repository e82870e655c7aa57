"""The first step inside: a user namespace in which an ordinary user may do what root may, and no more than that."""

from __future__ import annotations

import os
from pathlib import Path

from fleetkit.sandbox.hall import _linux

__all__ = ["DONE", "enter_user_namespace"]

DONE = "done"
"""What the probe's child says last, when every step was possible."""

_ALL = (
    _linux.CLONE_NEWUSER
    | _linux.CLONE_NEWNS
    | _linux.CLONE_NEWPID
    | _linux.CLONE_NEWNET
    | _linux.CLONE_NEWIPC
    | _linux.CLONE_NEWUTS
)


def enter_user_namespace() -> None:
    """Enter new namespaces of every kind, in which the caller's own uid and gid are 0 and no other exists."""
    uid, gid = os.getuid(), os.getgid()
    _linux.unshare(_ALL)
    # The kernel lets an ordinary user map its group only when it can no longer drop groups.
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
