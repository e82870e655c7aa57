"""Instances of the services that units offer: where each is, whether its unit runs there, and whether it serves.

A unit that runs and whose words on its service cannot be read is no instance, and is told apart.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fleetkit.fleet.service_options import (
    SERVICE_SECTION,
    Probe,
    ProbeKind,
    ServiceOptions,
    find_service_flaws,
    find_service_name,
)
from fleetkit.fleet.service_probes import Health, ProbeResult
from fleetkit.fleet.status import RUNNING_STATES, UnitStatus, UnitVerdict
from fleetkit.fleet.unit_checks import is_template
from fleetkit.fleet.values import DesiredState, Machine, Unit, UnitState

__all__ = [
    "SERVICE_TREES",
    "JudgedInstance",
    "ServiceInstance",
    "UnreadService",
    "find_unread_services",
    "judge_instances",
    "list_service_instances",
    "list_unit_instances",
    "render_service_keys",
]

_ROLE = "etcd"
"""What the metadata of machines call the role of a machine: master, internal, public or deploy."""

SERVICE_TREES = ("/services/web", "/services/internal")
"""The trees of the proxies on public machines, and of those on all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInstance:
    """One unit on one machine that offers a service.

    Attributes
    ----------
    name
        The service.
    unit
        The unit; a global one has an instance on each machine.
    address
        IPv4 address of its machine; empty where it is on none that is there.
    port
        Where it listens.
    probe
        How it is asked whether it serves.
    role
        The role of its machine; empty where the machine says none.
    trouble
        Why its unit does not run there; empty where it does.
    """

    name: str
    unit: str
    address: str
    port: int
    probe: Probe
    role: str = ""
    trouble: str = ""

    @property
    def is_asked(self) -> bool:
        """Whether there is something to be asked: its unit runs, and says how."""
        return not self.trouble and self.probe.kind is not ProbeKind.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedInstance:
    """An instance, and whether it serves.

    Attributes
    ----------
    instance
        The instance.
    health
        Whether it serves, as far as is known.
    reason
        Why it is not healthy, or not known to be; empty where it is.
    """

    instance: ServiceInstance
    health: Health
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadService:
    """A unit that runs, and offers a service in words that cannot be read.

    Attributes
    ----------
    name
        The service; empty where not even that can be read.
    unit
        The unit.
    seen
        What is wrong with its words.
    """

    name: str
    unit: str
    seen: str

    def holds(self, service: str) -> bool:
        """Whether a service's names must stay as they are because of it: without a name it may offer any."""
        return self.name in ("", service)

    def __str__(self) -> str:
        whose = f"the names of {self.name} stay" if self.name else "all names stay"
        return f"[{SERVICE_SECTION}] of {self.unit}, which runs, cannot be read: {self.seen}; {whose} as they are"


def list_service_instances(
    units: Iterable[Unit], statuses: Iterable[UnitStatus], machines: Iterable[Machine]
) -> tuple[ServiceInstance, ...]:
    """Return the instances of all services that fleet's units offer, by service, address and port.

    A unit that is meant to be on no machine has none; whatever else keeps one from running is told.
    """
    known = {one.name: one for one in units}
    living = {one.id: one for one in machines}
    found: list[ServiceInstance] = []
    for status in statuses:
        unit = known.get(status.name)
        if unit is not None and not is_template(unit.name) and unit.desired_state not in (DesiredState.INACTIVE, ""):
            service = ServiceOptions.of(unit.text)
            found += [] if service is None else _instances_of(unit, status, living, service)
    return tuple(sorted(found, key=lambda one: (one.name, one.address, one.port, one.unit)))


def list_unit_instances(
    unit: Unit, status: UnitStatus, machines: Iterable[Machine], *, service: ServiceOptions
) -> tuple[ServiceInstance, ...]:
    """Return the instances of one unit, a global one's on each machine, as if it offered a service."""
    return tuple(_instances_of(unit, status, {one.id: one for one in machines}, service))


def find_unread_services(units: Iterable[Unit], statuses: Iterable[UnitStatus]) -> tuple[UnreadService, ...]:
    """Return the units that run somewhere and offer a service in words that cannot be read."""
    running = {one.name for one in statuses if any(row.active in RUNNING_STATES for row in one.states)}
    found = []
    for unit in units:
        flaws = [one.seen for one in find_service_flaws(unit.text) if one.is_fatal] if unit.name in running else []
        if flaws:
            found.append(UnreadService(name=find_service_name(unit.text), unit=unit.name, seen=", ".join(flaws)))
    return tuple(found)


def judge_instances(
    instances: Iterable[ServiceInstance], probed: Mapping[ServiceInstance, ProbeResult]
) -> tuple[JudgedInstance, ...]:
    """Say of each instance whether it serves: its unit runs, and its probe passed where it asks for one.

    Parameters
    ----------
    probed
        What came of each probe; an instance that was to be asked and was not is unknown.
    """
    found = []
    for one in instances:
        result = ProbeResult(health=Health.HEALTHY)
        if one.trouble:
            result = ProbeResult(health=Health.UNHEALTHY, reason=one.trouble)
        elif one.is_asked:
            result = probed.get(one, ProbeResult(health=Health.UNKNOWN, reason="it was not asked"))
        found.append(JudgedInstance(instance=one, health=result.health, reason=result.reason))
    return tuple(found)


def render_service_keys(instances: Iterable[ServiceInstance]) -> dict[str, str]:
    """Return etcd v2 keys and values for instances, as proxies of the original system read them.

    ``/services/web`` is for the proxies of public machines and ``/services/internal`` for all others; below them is a
    directory for each service, with a key for each instance: named after its address, and ``address:port`` its value.
    """
    found: dict[str, str] = {}
    for one in instances:
        folder = f"{SERVICE_TREES[one.role != 'public']}/{one.name}"
        key, value = f"{folder}/{one.address}", f"{one.address}:{one.port}"
        # A sidekick knew of one instance on its machine; where there are more, the others are told by their ports.
        found[key if found.get(key, value) == value else f"{key}-{one.port}"] = value
    return found


def _instances_of(
    unit: Unit, status: UnitStatus, living: Mapping[str, Machine], service: ServiceOptions
) -> Iterator[ServiceInstance]:
    rows = [one for one in status.states if status.is_global or one.machine_id == unit.machine_id]
    placed = [one for one in rows if one.machine_id in living]
    for row in placed:
        machine = living[row.machine_id]
        address = _address_of(machine)
        yield ServiceInstance(
            name=service.name,
            unit=unit.name,
            address=address,
            port=service.port,
            probe=service.probe,
            role=machine.metadata.get(_ROLE, ""),
            trouble=_find_trouble(unit, status, row) or ("" if address else "its machine announces no IPv4 address"),
        )
    if not placed:
        trouble = ": ".join(filter(None, (status.verdict, status.reason)))
        yield ServiceInstance(
            name=service.name, unit=unit.name, address="", port=service.port, probe=service.probe, trouble=trouble
        )


def _find_trouble(unit: Unit, status: UnitStatus, row: UnitState) -> str:
    """Say why a unit does not run where it is; a global unit is judged for each machine, and its verdict for all."""
    if not status.is_global:
        return "" if status.verdict is UnitVerdict.RUNNING else f"{status.verdict}: {status.reason}"
    if unit.desired_state != DesiredState.LAUNCHED or row.active not in RUNNING_STATES:
        return f"{row.load}, {row.active}, {row.sub}"
    return "" if row.unit_hash == unit.text.unit_hash else "its machine has another unit of that name"


def _address_of(machine: Machine) -> str:
    try:
        return str(ipaddress.IPv4Address(machine.primary_ip))
    except ValueError:
        return ""
