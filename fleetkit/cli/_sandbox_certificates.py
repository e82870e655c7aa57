"""Certificates as a fault: whose time has run out, or of another member. The operator's own CA signs them."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.sandbox import FaultKind, Sandbox

if TYPE_CHECKING:
    from fleetkit.workflows import Workspace

__all__ = ["give_certificates"]

_LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def give_certificates(
    sandbox: Sandbox, kind: FaultKind, machines: Sequence[str], *, workspace: Workspace
) -> list[Mapping[str, object]]:
    """Give masters of a cluster wrong certificates, and return the faults.

    Where time has run out, it has for the operator's copies too.

    Raises
    ------
    NotFoundError
        When a machine is none of the cluster's masters; nothing is done then.
    PreconditionError
        When there is no other member whose certificate one could be given.
    """
    members = {machine: _find_member(sandbox, machine, workspace) for machine in machines}
    return [
        sandbox.give_fault(kind, [machine], certificates=_choose(kind, member, workspace))
        for machine, member in members.items()
    ]


def _choose(kind: FaultKind, member: str, workspace: Workspace) -> list[str]:
    pki = workspace.paths.pki
    if kind is FaultKind.SWAP:
        others = [name for name in workspace.cluster.masters if name != member]
        if not others:
            raise PreconditionError(f"{member} is the only member", hint="there is no other certificate to give it")
        return _encode("server", pki / "members" / others[0] / "server")
    words = []
    for stem in ("server", "peer"):
        _expire(f"members/{member}/{stem}", workspace)
        words += _encode(stem, pki / "members" / member / stem)
    return words


def _expire(name: str, workspace: Workspace) -> None:
    from fleetkit.pki import forget_replaced, renew_leaf

    cluster, pki = workspace.cluster, workspace.paths.pki
    addresses = {member: master.address for member, master in cluster.masters.items()}
    renew_leaf(pki, name, members=addresses, dns_zone=cluster.dns_zone, now=_LONG_AGO)
    forget_replaced(pki, name)


def _encode(stem: str, source: Path) -> list[str]:
    pair = [base64.b64encode(source.with_suffix(suffix).read_bytes()).decode() for suffix in (".crt", ".key")]
    return [stem, *pair]


def _find_member(sandbox: Sandbox, machine: str, workspace: Workspace) -> str:
    """Return the name of the member on a machine that is named as faults name it."""
    members = {master.address: name for name, master in workspace.cluster.masters.items()}
    for one in sandbox.machines():
        named = (one["instance_id"], one["name"], one["address"], one["public_address"])
        if machine in named and one["address"] in members:
            return members[one["address"]]
    raise NotFoundError(
        f"{machine} is no master of {workspace.cluster.name} in this sandbox",
        known=[f"{workspace.cluster.name}-{name}" for name in members.values()],
    )
