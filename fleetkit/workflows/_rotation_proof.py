"""Whether machines have the certificates that were made for them: by what runs, and not by what was sent."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import FleetkitError, NotYet, Patience, WaitTimeoutError, wait_until
from fleetkit.etcd import Endpoint, read_served_certificates
from fleetkit.fleet import FleetClient
from fleetkit.pki import CertificateFacts, ClusterPki, parse_certificate_facts
from fleetkit.workflows._rotation_machines import FleetMachine, read_peer, read_used
from fleetkit.workflows._rotation_plan import FLEET
from fleetkit.workflows.way_in import WayIn

__all__ = ["find_flaw", "find_flaws", "wait_joined"]


def find_flaw(way: WayIn, machine: FleetMachine, leaf: str, pki: ClusterPki) -> str:
    """Say what is wrong with the certificate that a machine shows; empty where it is the one made for it."""
    made = next(one for one in pki.certificates() if one.name == leaf).facts()
    try:
        shown = _read_shown(way, machine, leaf)
    except FleetkitError as error:
        return f"{machine.name} does not show it: {getattr(error, 'reason', '') or error.seen or error.what}"
    if shown.fingerprint == made.fingerprint:
        return ""
    return f"{machine.name} has serial {shown.serial}, and {made.serial} was made for it"


def find_flaws(way: WayIn, machines: Sequence[FleetMachine], leaf: str, pki: ClusterPki) -> list[str]:
    """Say what is wrong with a leaf on each machine that uses it; one that does not run fetches when it boots."""
    found = [f"{one.name} does not run: it fetches when it boots" for one in machines if not one.is_running]
    found += [find_flaw(way, one, leaf, pki) for one in machines if one.is_running]
    return [one for one in found if one]


def _read_shown(way: WayIn, machine: FleetMachine, leaf: str) -> CertificateFacts:
    if leaf == FLEET:
        return read_used(way, machine)
    if leaf.endswith("/peer"):
        return read_peer(way, machine)
    endpoint: Endpoint = next(one for one in way.endpoints if one.name == machine.name)
    shown = read_served_certificates([endpoint], tls=way.tls)
    for error in shown.failed.values():
        raise error
    return parse_certificate_facts(shown.ok[machine.name])


def wait_joined(way: WayIn, addresses: Sequence[str], patience: Patience) -> list[str]:
    """Wait until fleet knows all machines again, and say who is missing at the end."""

    def joined() -> bool | NotYet[bool]:
        try:
            with way.connect_master() as connection:
                known = {one.primary_ip for one in FleetClient(way.open_fleet_socket(connection)).list_machines()}
        except FleetkitError as error:
            return NotYet(str(error))
        missing = sorted(set(addresses) - known)
        return NotYet(f"{', '.join(missing)} are not in fleet") if missing else True

    try:
        wait_until(joined, what="fleet to know all machines", patience=patience)
    except WaitTimeoutError as error:
        return [error.seen or error.what]
    return []
