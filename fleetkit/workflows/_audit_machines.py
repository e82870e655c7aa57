"""Facts of machines and pools for an audit."""

from __future__ import annotations

from collections.abc import Iterable

from fleetkit import aws, checks
from fleetkit.config import Cluster
from fleetkit.core import call_each

__all__ = ["name_machines", "read_protection", "read_volumes", "tell_machines", "tell_pools"]


def tell_machines(machines: Iterable[aws.Instance], cluster: Cluster) -> tuple[checks.MachineFact, ...]:
    """Return machines as facts."""
    return tuple(
        checks.MachineFact(
            instance_id=one.instance_id,
            resource=_name(one, cluster),
            role=one.role,
            member=_members(cluster).get(one.private_address, ""),
            zone=one.zone,
            state=one.state,
            private_address=one.private_address,
            public_address=", ".join(one.public_addresses),
            subnet_id=one.subnet_id,
            group_ids=one.group_ids,
            key_name=one.key_name,
            http_tokens=one.http_tokens,
            hop_limit=one.hop_limit,
        )
        for one in machines
    )


def name_machines(machines: Iterable[aws.Instance], cluster: Cluster) -> dict[str, str]:
    """Return id of each machine to what people call it."""
    return {one.instance_id: _name(one, cluster) for one in machines}


def read_volumes(
    session: aws.AwsSession, machines: Iterable[aws.Instance], cluster: Cluster
) -> tuple[checks.VolumeFact, ...]:
    """Return the volumes that machines have."""
    names = name_machines(machines, cluster)
    return tuple(
        checks.VolumeFact(volume_id=one.volume_id, machine=names[one.instance_id], encrypted=one.encrypted)
        for one in aws.list_volumes_of(session, names)
    )


def tell_pools(groups: Iterable[aws.ScalingGroup]) -> tuple[checks.PoolFact, ...]:
    """Return pools as their scaling groups have them."""
    return tuple(
        checks.PoolFact(
            resource=one.role or one.name,
            group_name=one.name,
            has_template=bool(one.template_id),
            zones=tuple(sorted(one.zones)),
            health_check=one.health_check,
            desired=one.desired,
            in_service=one.in_service,
            instance_ids=tuple(member.instance_id for member in one.members),
            target_groups=frozenset(one.target_groups),
        )
        for one in groups
    )


def read_protection(session: aws.AwsSession, machines: Iterable[aws.Instance], cluster: Cluster) -> dict[str, bool]:
    """Return name of each master that is there to whether it is protected against termination."""
    masters = {_name(one, cluster): one.instance_id for one in machines if one.role == "master"}
    found = call_each(list(masters), lambda name: aws.is_protected(session, masters[name]))
    for error in found.failed.values():
        raise error
    return found.ok


def _members(cluster: Cluster) -> dict[str, str]:
    return {one.address: name for name, one in cluster.masters.items()}


def _name(machine: aws.Instance, cluster: Cluster) -> str:
    """Return what people call a machine."""
    member = _members(cluster).get(machine.private_address)
    return member or f"{machine.role or 'machine'} {machine.instance_id}"
