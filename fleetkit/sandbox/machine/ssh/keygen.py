"""``ssh-keygen -A``: host keys for a machine that was given none."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["DEFAULT_HOST_KEYS", "make_host_keys", "ssh_keygen"]

DEFAULT_HOST_KEYS = ("/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key")
_ALGORITHMS = {"ecdsa": "ecdsa-sha2-nistp256", "ed25519": "ssh-ed25519"}


def ssh_keygen(words: list[str], _: dict[str, str]) -> int:
    """Play ``ssh-keygen``, of which only ``-A`` is known."""
    if words[1:] != ["-A"]:
        sys.stderr.write(f"ssh-keygen: the stand-in knows -A alone, not {' '.join(words[1:])}\n")
        return 1
    make_host_keys(Path("/"))
    return 0


def make_host_keys(root: Path) -> None:
    """Make the host keys of the machine whose ``/`` is ``root``; those that are there stay."""
    import asyncssh

    for name in DEFAULT_HOST_KEYS:
        path = root / name.lstrip("/")
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        key = asyncssh.generate_private_key(_ALGORITHMS[path.name.split("_")[2]])
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
        path.with_suffix(".pub").write_bytes(key.export_public_key())
