"""The one table of the loopback mode: where each private address, and each path of a machine, is on this computer.

Everything that leads from a machine to another looks here, and what is not in the table is not dialled.
It lies in the hall's folder as JSON, written by the hall and read by the machines at each use.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Row", "Table", "lowest_free_port"]

_MOVED_BY = 20_000
_LOCAL = ("127.0.0.1", "localhost")
_FIRST_ORDINARY = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One machine.

    Attributes
    ----------
    address
        Its private address.
    loopback
        Where it is on this computer.
    root
        The folder that stands for its ``/``.
    """

    address: str
    loopback: str
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows.

    Attributes
    ----------
    rows
        By private address.
    names
        Host names that machines know, with their private addresses.
    lowest_port
        First port that this user may listen on; lower ones are moved up by 20,000.
    """

    lowest_port: int
    rows: Mapping[str, Row] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def place(self, host: str, port: int, *, own: str) -> tuple[str, int]:
        """Return where ``host`` (an address or a name) and ``port`` are, as seen by the machine at ``own``.

        Raises
        ------
        LookupError
            When no machine has that address or name: whatever it may be outside is not meant.
        """
        address = own if host in _LOCAL else self.names.get(host.lower(), host)
        if address not in self.rows:
            raise LookupError(f"no machine of this sandbox is {host}")
        return self.rows[address].loopback, self.port(port)

    def port(self, port: int) -> int:
        """Return the port that stands for one of a machine's."""
        return port if port == 0 or port >= self.lowest_port else port + _MOVED_BY

    def path(self, path: str, *, own: str) -> Path:
        """Return where an absolute path of the machine at ``own`` is on this computer.

        Raises
        ------
        LookupError
            When the path is not absolute.
        """
        if not path.startswith("/"):
            raise LookupError(f"not an absolute path: {path!r}")
        # Folded first, so that no .. leads out of the machine's folder.
        return Path(self.rows[own].root, posixpath.normpath(path).lstrip("/"))

    def address_at(self, loopback: str) -> str:
        """Return the private address of who is at a loopback address; that one itself where it is nobody's."""
        return next((row.address for row in self.rows.values() if row.loopback == loopback), loopback)

    def write(self, file: Path) -> None:
        """Write it; those who read meanwhile see the old table or the new one."""
        rows = [[row.address, row.loopback, row.root] for row in self.rows.values()]
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"lowest_port": self.lowest_port, "rows": rows, "names": dict(self.names)}))
        part.replace(file)

    @classmethod
    def read(cls, file: Path) -> Table:
        """Read it back."""
        raw = json.loads(file.read_text())
        rows = (Row(address=address, loopback=loopback, root=root) for address, loopback, root in raw["rows"])
        return cls(lowest_port=raw["lowest_port"], rows={row.address: row for row in rows}, names=raw["names"])


def lowest_free_port(setting: Path = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")) -> int:
    """Return the first port that an ordinary user may listen on; root is not told apart, so that both go one way."""
    try:
        return int(setting.read_text())
    except (OSError, ValueError):
        return _FIRST_ORDINARY
