"""The systemd of a machine, as fleetd uses it: unit files of its own that are linked, started, stopped and looked at.

It is asked as ``systemctl`` asks it: by the socket of the machine's init.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleetkit.core import FleetError
from fleetkit.sandbox.fleetd.units import Unit
from fleetkit.sandbox.sockets import open_short_path

__all__ = ["UNITS_FOLDER", "Systemd", "SystemdState"]

UNITS_FOLDER = "run/fleet/units"
"""Where fleetd keeps its unit files, below a machine's root."""

_LINKS = "run/systemd/system"
_PATIENCE_S = 30.0
_AT_ONCE = 200
"""How many units are asked for with one question."""

SystemdState = tuple[str, str, str]
"""Load, active and sub state."""

_ABSENT: SystemdState = ("not-found", "inactive", "dead")


class Systemd:
    """Runs fleet's units on a machine.

    Parameters
    ----------
    control
        Socket of the machine's init.
    root
        The machine's root, from here.
    """

    def __init__(self, control: Path, *, root: Path) -> None:
        self._control = control
        self._root = root
        self._folder = root / UNITS_FOLDER
        self._links = root / _LINKS

    def list_units(self) -> dict[str, str]:
        """Return name and hash of each unit that fleetd brought here, in an earlier life of it too."""
        if not self._folder.is_dir():
            return {}
        files = sorted(one for one in self._folder.iterdir() if not one.name.startswith("."))
        return {file.name: Unit(raw=file.read_text(encoding="utf-8")).unit_hash for file in files}

    def load(self, units: Mapping[str, Unit]) -> None:
        """Bring units here; they are not started."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._links.mkdir(parents=True, exist_ok=True)
        for name, unit in units.items():
            (self._folder / name).write_text(unit.raw, encoding="utf-8")
            link = self._links / name
            link.unlink(missing_ok=True)
            link.symlink_to(f"/{UNITS_FOLDER}/{name}")
        self._ask("daemon-reload")

    def unload(self, names: Sequence[str]) -> None:
        """Take units away that run no more."""
        self._ask("reset-failed", *names)
        for name in names:
            (self._links / name).unlink(missing_ok=True)
            (self._folder / name).unlink(missing_ok=True)
        self._ask("daemon-reload")

    def start(self, names: Sequence[str]) -> None:
        """Have units started; how it went is seen by their state."""
        self._ask("start", "--no-block", *names)

    def stop(self, names: Sequence[str]) -> None:
        """Have units stopped; when they have ended is seen by their state."""
        self._ask("stop", "--no-block", *names)

    def read_states(self, names: Sequence[str]) -> dict[str, SystemdState]:
        """Return what systemd makes of units."""
        found = dict.fromkeys(names, _ABSENT)
        for start in range(0, len(names), _AT_ONCE):
            answer = self._ask("show", "-p", "Id,LoadState,ActiveState,SubState", *names[start : start + _AT_ONCE])
            fields: dict[str, str] = {}
            for line in answer.splitlines():
                key, _, value = line.partition("=")
                fields[key] = value
                if key == "SubState":
                    found[fields["Id"]] = (fields["LoadState"], fields["ActiveState"], value)
        return found

    def _ask(self, *words: str) -> str:
        """Ask as systemctl does; return what it would print, errors about single units left out."""
        request = {"name": "systemctl", "words": list(words), "env": {}, "cwd": "/"}
        said: list[str] = []
        try:
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(_PATIENCE_S)
                with open_short_path(self._control) as name:
                    channel.connect(name)
                channel.sendall(json.dumps(request).encode() + b"\n")
                with channel.makefile("r", encoding="utf-8") as lines:
                    for line in lines:
                        told = json.loads(line)
                        if "code" in told:
                            return "".join(said)
                        said.append(told.get("out", ""))
        except OSError as error:
            raise FleetError("the machine's init does not answer", seen=str(error), transient=True) from error
        raise FleetError("the machine's init did not end its answer", transient=True)
