"""Facts of machines as EC2 has them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MachineFact", "PoolFact", "VolumeFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFact:
    """One machine.

    Attributes
    ----------
    resource
        What people call it: a master by its member's name, another by its role and id.
    role
        Value of its role tag: master, internal, public, bastion or deploy.
    member
        Name of the member that stands on it, by its address; empty for what is no master.
    public_address
        Empty where it has none.
    key_name
        The key pair that it was started with; empty where with none.
    http_tokens, hop_limit
        Whether its metadata service asks for tokens, ``required`` or ``optional``, and how far its answers go.
    """

    instance_id: str
    resource: str
    role: str
    member: str
    zone: str
    state: str
    private_address: str
    public_address: str
    subnet_id: str
    group_ids: tuple[str, ...]
    key_name: str = ""
    http_tokens: str = ""
    hop_limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFact:
    """A volume that a machine has; ``machine`` is what people call that."""

    volume_id: str
    machine: str
    encrypted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFact:
    """A pool as its scaling group has it.

    Attributes
    ----------
    resource, group_name
        Name of the pool, and of its scaling group.
    has_template
        Whether a launch template makes its machines.
    health_check
        Who says that a machine is not well: ``EC2``, or ``ELB`` for its load balancer too.
    desired, in_service
        How many machines are wanted, and how many are in service and healthy.
    instance_ids
        Those that it has.
    target_groups
        ARNs of the target groups that they are put into.
    """

    resource: str
    group_name: str
    has_template: bool
    zones: tuple[str, ...]
    health_check: str
    desired: int = 0
    in_service: int = 0
    instance_ids: tuple[str, ...] = ()
    target_groups: frozenset[str] = frozenset()
