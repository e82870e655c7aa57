"""The programs of ours that init runs in a fork of itself, because they need large libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleetkit.sandbox.machine.ec2 import coreos_metadata
from fleetkit.sandbox.machine.ssh.keygen import ssh_keygen
from fleetkit.sandbox.machine.ssh.server import sshd

__all__ = ["INNER_PROGRAMS"]

INNER_PROGRAMS: Mapping[str, Callable[[list[str], dict[str, str]], int]] = {
    "coreos-metadata": coreos_metadata,
    "ssh-keygen": ssh_keygen,
    "sshd": sshd,
}
"""Each gets its words, its own name first, and its environment, and returns its exit code."""
