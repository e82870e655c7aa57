"""Which records a zone should have for the services that are found by name, and what has to change for that. Pure.

Only names that bear our mark are ever touched: a TXT record beside, which says for which cluster and service they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleetkit.aws import RecordChange, ZoneRecord
from fleetkit.fleet import Health, JudgedInstance, ServiceInstance, UnreadService

__all__ = ["RECORD_TTL_S", "ServiceDifference", "compare_zone", "render_service_records"]

RECORD_TTL_S = 30
"""Seconds for which a name may be remembered: about as long as fleet itself takes to notice that a machine died."""

_MARK = re.compile(r'"heritage=fleetkit,fleetkit/cluster=([a-z0-9-]+),fleetkit/service=([a-z0-9-]+)"')

_Key = tuple[str, str]
"""A record's name and type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDifference:
    """A service: its instances, and what its names need to be true.

    Attributes
    ----------
    name
        The service.
    instances
        Its instances, and whether each serves.
    named
        Those of them that have their names now.
    changes
        What has to change; empty where its names are true, or are left as they are.
    findings
        Why they are left as they are, or an instance is; one sentence each.
    """

    name: str
    instances: tuple[JudgedInstance, ...]
    named: frozenset[ServiceInstance] = frozenset()
    changes: tuple[RecordChange, ...] = ()
    findings: tuple[str, ...] = ()


def render_service_records(
    service: str, instances: Iterable[ServiceInstance], *, cluster: str, zone: str
) -> tuple[ZoneRecord, ...]:
    """Return the records by which instances of a service are found, with their marks; none where there is none.

    ``web.ZONE`` has the addresses of all, ``_web._tcp.ZONE`` their ports, each at a name of its own below the first.
    """
    hosts = {f"ip-{one.address.replace('.', '-')}.{service}.{zone}": one.address for one in instances}
    targets = {f"0 0 {one.port} ip-{one.address.replace('.', '-')}.{service}.{zone}" for one in instances}
    if not targets:
        return ()
    plain: list[tuple[str, str, Collection[str]]] = [
        (f"{service}.{zone}", "A", hosts.values()),
        # RFC 2782: where a client looks for a service over TCP. All have the same priority and weight.
        (f"_{service}._tcp.{zone}", "SRV", targets),
        *((host, "A", [address]) for host, address in hosts.items()),
    ]
    mark = f'"heritage=fleetkit,fleetkit/cluster={cluster},fleetkit/service={service}"'
    records = [_record(name, kind, values) for name, kind, values in plain]
    return (*records, *(_record(one.name, "TXT", [mark]) for one in records))


def compare_zone(
    judged: Iterable[JudgedInstance],
    records: Iterable[ZoneRecord],
    *,
    cluster: str,
    zone: str,
    remove_last: bool = False,
    unread: Sequence[UnreadService] = (),
) -> tuple[ServiceDifference, ...]:
    """Say of each service that has instances or names what has to change for its names to be true.

    Names are of healthy instances alone. One of which nobody knows whether it serves is left as it is, and so are the
    names of a service of which no instance is healthy, unless ``remove_last`` is given: a name that leads nowhere is
    no better than one that leads to something ill, and a fleet that tells of no units must not empty a zone. A service
    of which an instance may be among ``unread`` is left whatever is given.

    Parameters
    ----------
    judged
        All instances, and whether each serves.
    records
        All records of the zone.
    unread
        Units that run and may be instances.
    """
    current = {(one.name, one.kind): one for one in records}
    owners = dict(_read_owners(current, cluster=cluster, zone=zone))
    by_service: dict[str, list[JudgedInstance]] = {service: [] for service in owners.values()}
    for one in judged:
        by_service.setdefault(one.instance.name, []).append(one)
    comparing = _Comparing(
        current=current, owners=owners, cluster=cluster, zone=zone, remove_last=remove_last, unread=unread
    )
    return tuple(comparing.compare(service, tuple(by_service[service])) for service in sorted(by_service))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparing:
    current: Mapping[_Key, ZoneRecord]
    owners: Mapping[str, str]
    cluster: str
    zone: str
    remove_last: bool
    unread: Sequence[UnreadService]

    def compare(self, service: str, instances: tuple[JudgedInstance, ...]) -> ServiceDifference:
        owned = {name for name, owner in self.owners.items() if owner == service}
        unknown = [one for one in instances if one.health is Health.UNKNOWN]
        serving = [one.instance for one in instances if one.health is Health.HEALTHY]
        named = frozenset(one.instance for one in instances if one.instance.address and self._has(one.instance))
        serving += [one.instance for one in unknown if one.instance in named]
        findings = [
            f"{one.instance.address}:{one.instance.port} of {service} is left as it is, for nobody knows whether it "
            f"serves: {one.reason}"
            for one in unknown
        ]
        if any(one.holds(service) for one in self.unread):
            return ServiceDifference(name=service, instances=instances, named=named, findings=tuple(findings))
        if not serving and not (owned and self.remove_last):
            left = "its names stay as they are" if owned else "it gets no name"
            findings.append(f"{service} has no healthy instance{_tell_reasons(instances)}: {left}")
            return ServiceDifference(name=service, instances=instances, named=named, findings=tuple(findings))
        wanted = render_service_records(service, serving, cluster=self.cluster, zone=self.zone)
        taken = self._find_taken({one.name for one in wanted}, owned)
        if taken:
            findings.append(
                f"{service} is left as it is, for not all of its names are ours: {', '.join(taken)} is there already"
            )
            return ServiceDifference(name=service, instances=instances, named=named, findings=tuple(findings))
        changes = self._list_changes({(one.name, one.kind): one for one in wanted}, owned)
        return ServiceDifference(
            name=service, instances=instances, named=named, changes=tuple(changes), findings=tuple(findings)
        )

    def _has(self, instance: ServiceInstance) -> bool:
        """Whether an instance has its names now."""
        records = render_service_records(instance.name, [instance], cluster=self.cluster, zone=self.zone)
        there = {value for one in records if one.kind == "SRV" for value in one.values}
        found = self.current.get((f"_{instance.name}._tcp.{self.zone}", "SRV"))
        return found is not None and self.owners.get(found.name) == instance.name and there <= set(found.values)

    def _find_taken(self, wanted: set[str], owned: set[str]) -> list[str]:
        """Return the records that stand at names which are wanted and not ours, or that no plain record replaces."""
        found = []
        for (name, kind), record in self.current.items():
            is_strange = name in wanted and name not in owned
            if is_strange or (name in owned and kind == _kind_at(name) and not record.is_plain):
                found.append(f"{kind} {name}")
        return found

    def _list_changes(self, wanted: Mapping[_Key, ZoneRecord], owned: set[str]) -> Iterator[RecordChange]:
        names = sorted(owned | {name for name, _ in wanted})
        for key in ((name, kind) for name in names for kind in (_kind_at(name), "TXT")):
            before, after = self.current.get(key), wanted.get(key)
            if before != after:
                yield RecordChange(before=before, after=after)


def _kind_at(name: str) -> str:
    """Return the type that is ours at a name that is ours; whatever else stands there is somebody else's."""
    return "SRV" if name.startswith("_") else "A"


def _record(name: str, kind: str, values: Collection[str]) -> ZoneRecord:
    return ZoneRecord(name=name, kind=kind, ttl_s=RECORD_TTL_S, values=tuple(sorted(set(values))))


def _read_owners(current: Mapping[_Key, ZoneRecord], *, cluster: str, zone: str) -> Iterator[tuple[str, str]]:
    """Yield each name that bears our mark and nothing else, and the service that it is for."""
    for (name, kind), record in current.items():
        mark = _MARK.fullmatch(record.values[0]) if kind == "TXT" and len(record.values) == 1 else None
        if mark is None or mark[1] != cluster:
            continue
        service = mark[2]
        # A mark that was copied to some other name makes that no name of ours.
        is_host = name.startswith("ip-") and name.endswith(f".{service}.{zone}")
        if is_host or name in (f"{service}.{zone}", f"_{service}._tcp.{zone}"):
            yield name, service


def _tell_reasons(instances: Collection[JudgedInstance]) -> str:
    told = [f"{one.instance.address or one.instance.unit}: {one.reason}" for one in instances if one.reason]
    return f" ({'; '.join(told)})" if told else ""
