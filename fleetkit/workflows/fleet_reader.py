"""Reading one fleet again and again, over a way in that stays open."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace

from fleetkit.core import FleetError, SshError
from fleetkit.fleet import FleetEndpoint, FleetLimits, UnitStatus
from fleetkit.workflows._unit_reading import UnitReading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.reading_units import OpenFleet, open_fleet
from fleetkit.workflows.unit_journal import find_machines, read_journals

__all__ = ["FleetReader"]


class FleetReader:
    """Reads one fleet for whoever asks, one after the other; to be closed at the end.

    Parameters
    ----------
    source
        The cluster, or any fleet by its endpoint.
    limits
        How long each wait for fleet may take.
    """

    def __init__(self, source: Workspace | FleetEndpoint, *, limits: FleetLimits | None = None) -> None:
        self.source = source
        self.limits = limits or FleetLimits()
        self._stack = contextlib.ExitStack()
        self._fleet: OpenFleet | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> FleetReader:
        return self

    def __exit__(self, *_exc: object) -> None:
        with self._lock:
            self._close()

    @property
    def owner(self) -> str:
        """Name of the cluster, or of the endpoint."""
        return self.source.cluster.name if isinstance(self.source, Workspace) else self.source.name

    @property
    def has_journals(self) -> bool:
        """Whether what units said can be read: an endpoint alone leads to no machine."""
        return isinstance(self.source, Workspace)

    def read(self, *, names: Collection[str] = ()) -> UnitReading:
        """Read units and machines; see `fleetkit.workflows.read_units`.

        Raises
        ------
        FleetkitError
            When fleet cannot be read, or the way in cannot be opened.
        """
        with self._lock:
            if self._fleet is not None:
                try:
                    return self._fleet.doubt(self._fleet.read(names=names))
                except (FleetError, SshError):
                    # Its master may be gone, or the bastion another: whoever answers now is asked instead.
                    self._close()
            self._fleet = self._stack.enter_context(open_fleet(self.source, names=names, limits=self.limits))
            return self._fleet.doubt(self._fleet.reading)

    def count_machines(self, reading: UnitReading, status: UnitStatus) -> int:
        """Say from how many machines a unit's journal would be read."""
        return len(find_machines(reading, status)) if self.has_journals else 0

    def read_journal(self, reading: UnitReading, name: str, *, lines: int) -> Mapping[str, tuple[str, ...]]:
        """Return what a unit said last, by where it runs; that a machine does not tell stands in its place.

        Parameters
        ----------
        reading
            What was read last: a unit may be elsewhere by now than when the fleet was opened.
        lines
            The most lines of each machine.
        """
        with self._lock:
            if self._fleet is None or not isinstance(self.source, Workspace):
                return {}
            return read_journals(self.source, replace(self._fleet, reading=reading), [name], lines=lines)

    def _close(self) -> None:
        self._fleet = None
        self._stack.close()
