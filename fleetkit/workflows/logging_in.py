"""A shell on a machine of the cluster: OpenSSH's own client, through the bastion, with both host keys pinned."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.aws import list_instances
from fleetkit.config import Access
from fleetkit.core import FleetError, NotFoundError
from fleetkit.fleet import UNIT_TYPES
from fleetkit.pki import known_hosts_line, load_pki
from fleetkit.ssh import SshTarget, ssh_command
from fleetkit.workflows._rotation_machines import FleetMachine, list_machines
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.reading_units import read_units
from fleetkit.workflows.unit_journal import find_machines
from fleetkit.workflows.way_in import BASTION_USER, MACHINE_USER, find_bastion, list_known_hosts, login_key_file

__all__ = ["find_login"]

_BASTION = "bastion"


def find_login(workspace: Workspace, name: str, command: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the words of an ssh command that logs in to a machine, or runs something there.

    The host keys that it is to trust are written beside the cluster's certificates; no other is taken.

    Parameters
    ----------
    name
        A member's name, ``bastion``, an address, an instance's id, or a unit, for the machine that has it.
    command
        What to run there, word by word; a shell where empty.

    Raises
    ------
    NotFoundError
        When there is no such machine; names those that there are.
    AwsError, FleetError, SshError
        When machines cannot be listed, or who has a unit not be read.
    """
    cluster, paths = workspace.cluster, workspace.paths
    pki = load_pki(paths.pki, members={member: one.address for member, one in cluster.masters.items()})
    bastion = find_bastion(workspace) if cluster.access is Access.BASTION else ""
    key_file = login_key_file(cluster)
    lines = list_known_hosts(cluster, pki, bastion=bastion)
    gate = SshTarget(host=bastion, user=BASTION_USER, key_file=key_file) if bastion else None
    name = _addresses(workspace).get(name, name)
    if gate is not None and name in (_BASTION, bastion):
        target, via = gate, None
    else:
        machine = _find(workspace, name)
        if machine.role:
            lines.append(known_hosts_line([machine.address], pki.role_host_keys[machine.role].public_line()))
        target, via = SshTarget(host=machine.address, user=MACHINE_USER, key_file=key_file), gate
    known_hosts = paths.known_hosts_of(target.host)
    known_hosts.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return ssh_command(
        target,
        known_hosts_file=known_hosts,
        config_file=workspace.settings.ssh_config,
        via=via,
        command=command,
    )


def _addresses(workspace: Workspace) -> dict[str, str]:
    """Return id of each instance to the address by which it is logged in to."""
    found = list_instances(workspace.session, workspace.cluster.name)
    return {one.instance_id: one.public_address if one.role == _BASTION else one.private_address for one in found}


def _find(workspace: Workspace, name: str) -> FleetMachine:
    machines = list_machines(workspace)
    address = _who_has(workspace, name) if name.rpartition(".")[2] in UNIT_TYPES else name
    for one in machines:
        if address in (one.name, one.address):
            return one
    known = [_BASTION] if workspace.cluster.access is Access.BASTION else []
    raise NotFoundError(f"there is no machine {name!r}", known=[*known, *(one.place for one in machines)])


def _who_has(workspace: Workspace, unit: str) -> str:
    """Return the address of the first machine that has a unit."""
    reading = read_units(workspace, names=[unit])
    status = reading.find_status(unit)
    if status is None:
        raise NotFoundError(f"fleet knows no unit {unit!r}", hint="fleetkit units list names them")
    machines = find_machines(reading, status)
    if not machines:
        raise FleetError(f"no machine has {unit}", seen=f"it is {status.verdict}: {status.reason}")
    return machines[0].primary_ip
