"""Reading which services fleet's units offer, and asking each instance whether it serves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fleetkit.core import FleetError
from fleetkit.etcd import V2Keys
from fleetkit.fleet import (
    FleetEndpoint,
    JudgedInstance,
    UnitVerdict,
    UnreadService,
    find_unread_services,
    judge_instances,
    list_service_instances,
)
from fleetkit.workflows._asking_services import ask_services
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._service_trees import ServiceTrees, read_trees
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.reading_units import UnitReading, open_fleet
from fleetkit.workflows.way_in import WayIn

__all__ = ["ServiceReading", "read_services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReading:
    """What was read.

    Attributes
    ----------
    asked
        Whose fleet answered.
    instances
        The instances of all services, and whether each serves.
    unread
        Units that run and may be instances of some service.
    trees
        What etcd has for the original's proxies; None where that was not asked for.
    """

    asked: str
    instances: tuple[JudgedInstance, ...]
    unread: tuple[UnreadService, ...] = ()
    trees: ServiceTrees | None = None


def read_services(
    workspace: Workspace, *, endpoint: FleetEndpoint | None, trees: bool, told: Reporter
) -> ServiceReading:
    """Read fleet and ask all instances: through the cluster's way in, or where an endpoint is given directly.

    Parameters
    ----------
    trees
        Whether etcd's trees are read as well, through the way in.

    Raises
    ------
    EtcdError
        When the trees could not be read.
    FleetError
        When fleet could not be read, or one of its units: that may be an instance of any service.
    FleetkitError
        When the way in cannot be opened.
    """
    told.note("reading fleet's units")
    with open_fleet(endpoint or workspace) as fleet:
        way = fleet.way
        found = _ask(fleet.reading, way=way, told=told)
        if way is None or not trees:
            return found
        return replace(found, trees=read_trees(V2Keys(endpoints=way.endpoints, tls=way.tls)))


def _ask(reading: UnitReading, *, way: WayIn | None, told: Reporter) -> ServiceReading:
    for one in reading.passed_over:
        told.note(f"passed over: {one}")
    poisoned = [one for one in reading.statuses if one.verdict is UnitVerdict.POISONED]
    if poisoned:
        raise FleetError(
            f"what {', '.join(one.name for one in poisoned)} offers cannot be read",
            seen=poisoned[0].reason,
            hint=f"fleetkit units status {poisoned[0].name} says more; docs/units.md says how it is freed",
        )
    instances = list_service_instances(reading.units, reading.statuses, reading.machines)
    asked = [one for one in instances if one.is_asked]
    if asked:
        told.note(f"asking {len(asked)} instances whether they serve")
    return ServiceReading(
        asked=reading.asked,
        instances=judge_instances(instances, ask_services(asked, way=way)),
        unread=find_unread_services(reading.units, reading.statuses),
    )
