"""What a machine knows of itself: its folder, its addresses, and the table by which it finds everything else."""

from __future__ import annotations

import http.client
import sys
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import Patience
from fleetkit.sandbox.loopback.table import Table
from fleetkit.sandbox.machine.metadata import Metadata

__all__ = ["Here"]

_METADATA = ("169.254.169.254", 80)
_ONCE = Patience(deadline_s=1.0, interval_s=0.1)
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """One machine.

    Attributes
    ----------
    hall
        The hall's folder, with the table and the trusted certificates.
    folder
        Its own, with ``root`` and the events.
    address
        Its private address.
    """

    hall: Path
    folder: Path
    address: str

    @property
    def root(self) -> Path:
        """The folder that stands for ``/``."""
        return self.folder / "root"

    @property
    def table(self) -> Table:
        """The table as it is now."""
        return Table.read(self.hall / "table.json")

    @property
    def loopback(self) -> str:
        """Its address on this computer."""
        return self.table.rows[self.address].loopback

    def path(self, path: str) -> Path:
        """Return where a path of the machine is on this computer; see `Table.path`."""
        return self.table.path(path, own=self.address)

    def place(self, host: str, port: int) -> tuple[str, int]:
        """Return where a host and port are on this computer; see `Table.place`."""
        return self.table.place(host, port, own=self.address)

    def metadata(self) -> Metadata:
        """Return a client of the metadata service that gives up soon, so that whoever waits can look up between."""
        return Metadata(patience=_ONCE, connect=self._connect_metadata)

    def _connect_metadata(self) -> http.client.HTTPConnection:
        host, port = self.place(*_METADATA)
        # Dialled from its own place, because the service knows machines by that.
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S, source_address=(self.loopback, 0))

    def say(self, text: str) -> None:
        """Write a line to the machine's log."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
