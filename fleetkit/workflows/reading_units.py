"""Which fleet is asked, and how it is reached: a cluster's from the first of its masters that answers, or any other's.

Changes nothing. A reading that failed is an error and never an empty list.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from fleetkit.core import FleetError, SshError
from fleetkit.fleet import FleetClient, FleetEndpoint, FleetLimits, UnitText
from fleetkit.workflows._heartbeats import doubt_reading
from fleetkit.workflows._unit_reading import UnitReading, read_units_through
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["OpenFleet", "UnitReading", "open_fleet", "read_units", "read_units_through"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFleet:
    """A fleet that answers.

    Attributes
    ----------
    client
        Speaks to it, for as long as it is open.
    reading
        What it told when it was opened.
    way
        The way in to its cluster; None for one that was reached by its endpoint.
    """

    client: FleetClient
    reading: UnitReading
    way: WayIn | None = None

    def read(self, *, files: Mapping[str, UnitText] | None = None, names: Collection[str] = ()) -> UnitReading:
        """Read it once more; see `read_units_through`.

        Raises
        ------
        FleetError
            When it could not be read.
        """
        return read_units_through(self.client, asked=self.reading.asked, files=files, names=names)

    def doubt(self, reading: UnitReading) -> UnitReading:
        """Hold what machines say against how long ago fleet heard of them; of a fleet by its endpoint nobody knows."""
        return reading if self.way is None else doubt_reading(reading, self.way)


@contextlib.contextmanager
def open_fleet(
    source: Workspace | FleetEndpoint,
    *,
    files: Mapping[str, UnitText] | None = None,
    names: Collection[str] = (),
    avoiding: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> Iterator[OpenFleet]:
    """Open an endpoint's fleet, or that of the first of a cluster's masters that could be read, for a block.

    Parameters
    ----------
    source
        The endpoint, or the cluster, which is reached through its way in.
    files
        What units ought to be made of, by name; an instance ought to be made of what its template is.
    names
        Units to look for even where no list tells of them.
    avoiding
        Addresses of masters that are not asked, since their fleet is about to end.
    limits
        How long each wait for fleet may take.

    Raises
    ------
    FleetError
        When fleet could not be read, or no master's; says why of each.
    FleetkitError
        When the way in cannot be opened.
    """
    limits = limits or FleetLimits()
    if isinstance(source, FleetEndpoint):
        client = FleetClient(partial(source.connect, limit_s=limits.wait_s), limits=limits)
        yield OpenFleet(client=client, reading=read_units_through(client, asked=source.url, files=files, names=names))
        return
    with open_way_in(source) as way, contextlib.ExitStack() as opened:
        masters = {name: its.address for name, its in source.cluster.masters.items() if its.address not in avoiding}
        yield _open_first(source, way, opened, masters=masters, files=files, names=names, limits=limits)


def read_units(
    source: Workspace | FleetEndpoint,
    *,
    files: Mapping[str, UnitText] | None = None,
    names: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> UnitReading:
    """Read units and machines once; parameters and errors are those of `open_fleet`.

    What machines of a cluster say is held against how long ago fleet heard of them.
    """
    with open_fleet(source, files=files, names=names, limits=limits) as found:
        return found.doubt(found.reading)


def _open_first(
    workspace: Workspace,
    way: WayIn,
    opened: contextlib.ExitStack,
    *,
    masters: Mapping[str, str],
    files: Mapping[str, UnitText] | None,
    names: Collection[str],
    limits: FleetLimits,
) -> OpenFleet:
    troubles: dict[str, FleetError | SshError] = {}
    cluster = workspace.cluster
    for name, address in masters.items():
        with contextlib.ExitStack() as tried:
            try:
                connection = tried.enter_context(way.connect(address))
                client = FleetClient(way.open_fleet_socket(connection), limits=limits)
                asked = f"{name} ({address})"
                reading = read_units_through(client, asked=asked, files=files, names=names)
            except (FleetError, SshError) as error:
                # One machine's fleet may hang, or have lost its etcd, while another's still tells the truth.
                troubles[name] = error
                continue
            opened.push(tried.pop_all())
        return OpenFleet(client=client, reading=replace(reading, passed_over=tuple(_tell_each(troubles))), way=way)
    raise FleetError(
        f"the units of {cluster.name} could not be read from any of its masters",
        transient=any(one.transient for one in troubles.values()),
        seen="; ".join(_tell_each(troubles)),
        hint=f"fleetkit etcd health {cluster.name}: without its etcd fleet answers nothing; then fleet.service's "
        "journal on a master",
    )


def _tell_each(troubles: Mapping[str, FleetError | SshError]) -> Iterator[str]:
    for name, error in troubles.items():
        yield f"{name}: {error.without_hint}"
