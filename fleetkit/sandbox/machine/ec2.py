"""What machines take from the metadata service: the operator's public keys, and facts for units."""

from __future__ import annotations

import sys
from pathlib import Path

from fleetkit.sandbox.machine.metadata import Metadata

__all__ = ["FACTS_PATH", "coreos_metadata", "install_public_keys", "write_facts"]

FACTS_PATH = Path("/run/metadata/flatcar")

_FACTS = {
    "COREOS_EC2_AMI_ID": "ami-id",
    "COREOS_EC2_AVAILABILITY_ZONE": "placement/availability-zone",
    "COREOS_EC2_HOSTNAME": "hostname",
    "COREOS_EC2_INSTANCE_ID": "instance-id",
    "COREOS_EC2_INSTANCE_TYPE": "instance-type",
    "COREOS_EC2_IPV4_LOCAL": "local-ipv4",
    "COREOS_EC2_IPV4_PUBLIC": "public-ipv4",
    "COREOS_EC2_PUBLIC_HOSTNAME": "public-hostname",
    "COREOS_EC2_REGION": "placement/region",
}
"""Names that Flatcar's coreos-metadata writes, and where in the service they come from."""


def write_facts(metadata: Metadata, path: Path = FACTS_PATH) -> None:
    """Write the machine's facts as a file of assignments; what the service does not say is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {name: metadata.read(f"meta-data/{key}") for name, key in _FACTS.items()}
    path.write_text("".join(f"{name}={value}\n" for name, value in found.items() if value), encoding="utf-8")


def install_public_keys(metadata: Metadata, *, user: str, more: tuple[str, ...] = (), root: Path = Path("/")) -> int:
    """Let the holders of the instance's public keys (and of ``more``) in as ``user``; return how many there are."""
    listing = metadata.read("meta-data/public-keys/") or ""
    keys: list[str] = []
    for line in listing.split():
        number = line.partition("=")[0]
        keys.append((metadata.read(f"meta-data/public-keys/{number}/openssh-key") or "").strip())
    keys = [key for key in dict.fromkeys([*keys, *more]) if key]
    folder = root / "home" / user / ".ssh"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "authorized_keys"
    path.write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    path.chmod(0o600)
    return len(keys)


def coreos_metadata(words: list[str], _: dict[str, str]) -> int:
    """Play ``coreos-metadata``: write the facts, or install the keys of a user."""
    options = dict(word.removeprefix("--").partition("=")[::2] for word in words[1:])
    metadata = Metadata()
    if "attributes" in options:
        write_facts(metadata, Path(options["attributes"]))
    if "ssh-keys" in options:
        count = install_public_keys(metadata, user=options["ssh-keys"], more=_keys_of_ignition(options["ssh-keys"]))
        sys.stderr.write(f"coreos-metadata: {count} public keys for {options['ssh-keys']}\n")
    return 0


def _keys_of_ignition(user: str) -> tuple[str, ...]:
    path = Path(f"/home/{user}/.ssh/authorized_keys.d/ignition")
    return tuple(path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
