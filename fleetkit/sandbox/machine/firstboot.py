"""What happens once in a machine's life: user data fetched, read and written to disk.

Flatcar's is Ignition's; Ubuntu's is cloud-init's, of which user data that is a script is known.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from fleetkit.sandbox.machine.ec2 import install_public_keys
from fleetkit.sandbox.machine.ignition import IgnitionError, parse_ignition
from fleetkit.sandbox.machine.metadata import Metadata
from fleetkit.sandbox.machine.provision import write_ignition
from fleetkit.sandbox.machine.ssh.keygen import ssh_keygen

__all__ = ["BootError", "boot_first_time", "wanted_at_first_boot"]

_OF_THE_IMAGE = {
    "flatcar": (
        "coreos-metadata-sshkeys@core.service",
        "docker.service",
        "locksmithd.service",
        "sshd.socket",
        "systemd-timesyncd.service",
        "update-engine.service",
    ),
    "ubuntu": ("cloud-final.service", "ssh.service"),
}
_PRESETS = Path("/etc/systemd/system-preset")
_SCRIPT = Path("/var/lib/cloud/instance/scripts/part-001")
_GZIP = b"\x1f\x8b"


class BootError(Exception):
    """The machine cannot boot; the text says why."""


def boot_first_time(kind: str, say: Callable[[str], None]) -> None:
    """Fetch the user data and do with it what the image would.

    Raises
    ------
    BootError
        When the user data is not what the image can boot from.
    """
    metadata = Metadata()
    raw = metadata.read_bytes("user-data") or b""
    say(f"user data: {len(raw)} bytes")
    if kind == "flatcar":
        _apply_ignition(raw, say)
    else:
        _prepare_cloud(raw, metadata, say)


def wanted_at_first_boot(kind: str) -> list[str]:
    """Return the units to enable: those of the image and those that presets name, unless a preset disables them."""
    wanted = dict.fromkeys(_OF_THE_IMAGE[kind])
    for path in sorted(_PRESETS.glob("*.preset")) if _PRESETS.is_dir() else ():
        for line in path.read_text(encoding="utf-8").splitlines():
            verb, _, name = line.partition(" ")
            if verb == "enable":
                wanted[name] = None
            elif verb == "disable":
                wanted.pop(name, None)
    return list(wanted)


def _apply_ignition(raw: bytes, say: Callable[[str], None]) -> None:
    if not raw.strip():
        say("no user data: nothing for Ignition to do")
        return
    try:
        config = parse_ignition(raw.decode())
        write_ignition(config)
    except (IgnitionError, UnicodeDecodeError) as error:
        raise BootError(f"Ignition failed: {error}") from error
    for user, keys in config.keys.items():
        folder = Path(f"/home/{user}/.ssh/authorized_keys.d")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ignition").write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    say(f"Ignition finished: {len(config.files)} files, {len(config.units)} units")


def _prepare_cloud(raw: bytes, metadata: Metadata, say: Callable[[str], None]) -> None:
    count = install_public_keys(metadata, user="ubuntu")
    say(f"cloud-init: {count} public keys for ubuntu")
    ssh_keygen(["ssh-keygen", "-A"], {})
    body = gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    if not body.strip():
        return
    if not body.startswith(b"#!"):
        first = body.splitlines()[0][:60].decode(errors="replace")
        say(f"cloud-init: the stand-in runs user data that begins with #!; this is passed over: {first!r}")
        return
    _SCRIPT.parent.mkdir(parents=True, exist_ok=True)
    _SCRIPT.write_bytes(body)
    _SCRIPT.chmod(0o700)
