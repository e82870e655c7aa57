"""Facts of machines as EC2 has them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MachineFact"]


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
