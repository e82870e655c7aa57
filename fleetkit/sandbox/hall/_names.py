"""The files by which a machine resolves names: the hall's own, and no server to ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fleetkit.sandbox.hall.model import MachineSpec

__all__ = ["write_names"]

_NSSWITCH = """\
passwd: files
group: files
shadow: files
hosts: files
networks: files
protocols: files
services: files
ethers: files
rpc: files
"""


def write_names(folder: Path, spec: MachineSpec, hosts: Mapping[str, str]) -> None:
    """Write the name files of one machine; those who read them meanwhile see the old or the new."""
    folder.mkdir(exist_ok=True)
    known = {spec.hostname: spec.address, **hosts, **spec.hosts}
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in known.items())]
    _write(folder / "hosts", "\n".join(lines) + "\n", in_place=spec.kind == "plain")
    for name, text in (("nsswitch.conf", _NSSWITCH), ("resolv.conf", "")):
        path = folder / name
        if not path.exists():
            path.write_text(text, encoding="ascii")


def _write(path: Path, text: str, *, in_place: bool) -> None:
    if in_place and path.exists():
        # A program in a plain machine has this very file laid over /etc/hosts: a new one would pass it by.
        with path.open("r+", encoding="ascii") as file:
            file.write(text)
            file.truncate()
        return
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="ascii")
    fresh.replace(path)
