"""Reading which services fleet's units offer, and asking each instance whether it serves.

In a cluster an instance is asked by its own machine, over SSH: no security group lets the bastion to any port but that
of SSH, and machines forward no connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fleetkit.core import FleetError, SshError, call_each
from fleetkit.etcd import V2Keys
from fleetkit.fleet import (
    FleetEndpoint,
    Health,
    JudgedInstance,
    ProbeResult,
    ServiceInstance,
    UnitVerdict,
    UnreadService,
    find_unread_services,
    judge_instances,
    judge_probe_command,
    list_service_instances,
    probe_command,
    probe_service,
)
from fleetkit.ssh import Connection, run_command
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._service_trees import ServiceTrees, read_trees
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.delivery import FLEET_MACHINE_ROLES
from fleetkit.workflows.reading_units import UnitReading, open_fleet
from fleetkit.workflows.way_in import WayIn

__all__ = ["ServiceReading", "read_services"]

_Probing = Callable[[Sequence[ServiceInstance]], dict[ServiceInstance, ProbeResult]]

_PROBE_S = 3.0
"""Seconds in which a service has to answer; the original's own sidekicks asked each 20."""

_COMMAND_S = 10.0
"""Seconds for the command that asks, with all that SSH takes."""

_MACHINES_AT_ONCE = 8
"""OpenSSH lets ten logins begin at a time (MaxStartups), and others log in as well."""


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
        probe = _probe_directly if way is None else partial(_probe_over, way)
        found = _ask(fleet.reading, probe, told=told)
        if way is None or not trees:
            return found
        return replace(found, trees=read_trees(V2Keys(endpoints=way.endpoints, tls=way.tls)))


def _ask(reading: UnitReading, probe: _Probing, *, told: Reporter) -> ServiceReading:
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
        instances=judge_instances(instances, probe(asked)),
        unread=find_unread_services(reading.units, reading.statuses),
    )


def _probe_directly(instances: Sequence[ServiceInstance]) -> dict[ServiceInstance, ProbeResult]:
    def ask(one: ServiceInstance) -> ProbeResult:
        return probe_service(one.address, one.port, one.probe, limit_s=_PROBE_S)

    answers = call_each(instances, ask)
    failed = {one: ProbeResult(health=Health.UNKNOWN, reason=str(error)) for one, error in answers.failed.items()}
    return answers.ok | failed


def _probe_over(way: WayIn, instances: Sequence[ServiceInstance]) -> dict[ServiceInstance, ProbeResult]:
    by_machine: dict[tuple[str, str], list[ServiceInstance]] = {}
    for one in instances:
        by_machine.setdefault((one.address, one.role), []).append(one)

    def ask(machine: tuple[str, str]) -> dict[ServiceInstance, ProbeResult]:
        address, role = machine
        with way.connect(address, role=role if role in FLEET_MACHINE_ROLES else "") as connection:
            return {one: _probe_on(connection, one) for one in by_machine[machine]}

    answers = call_each(list(by_machine), ask, catch=SshError, at_once=_MACHINES_AT_ONCE)
    found = {one: result for results in answers.ok.values() for one, result in results.items()}
    for machine, error in answers.failed.items():
        # A machine that cannot be asked says nothing of its services: it may be the way there that fails.
        reason = error.without_hint if isinstance(error, SshError) else str(error)
        found |= dict.fromkeys(by_machine[machine], ProbeResult(health=Health.UNKNOWN, reason=reason))
    return found


def _probe_on(connection: Connection, instance: ServiceInstance) -> ProbeResult:
    command = probe_command(instance.address, instance.port, instance.probe, limit_s=_PROBE_S)
    result = run_command(connection, command, limit_s=_COMMAND_S, check=False)
    return judge_probe_command(result.exit_status, result.stdout, instance.probe, limit_s=_PROBE_S)
