"""What a rotation does on machines: fetch, look at what is served to peers, and have fleet take its new certificate."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import NotYet, Patience, SshError, wait_until
from fleetkit.pki import CertificateFacts, parse_certificate_facts
from fleetkit.ssh import Connection, run_command
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.delivery import FLEET_MACHINE_ROLES
from fleetkit.workflows.way_in import WayIn

__all__ = [
    "AGES",
    "FleetMachine",
    "fetch_files",
    "list_machines",
    "main_pid",
    "read_peer",
    "read_used",
    "restart_fleet",
    "was_read",
]

_FETCH_S = 300
_PEER_PORT = 2380
_FLEET = "fleet.service"
_FLEET_CERTIFICATE = "/etc/fleet/pki/client.crt"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

AGES = """
set -eu
started=$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20)
# First the file's now: what passes in between makes the process seem older, and never younger.
now=$(date +%s.%N)
echo "$started $(getconf CLK_TCK) $(cut -d ' ' -f 1 /proc/uptime) $(stat -c %.9Z "$2") $now"
"""
"""Says when a process started, in ticks since the boot, and when a file was put in its place, each with its now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMachine:
    """A machine that fetches certificates.

    Attributes
    ----------
    name
        A master's name; the instance's id of any other.
    role
        Its role; empty for a master, which has a host key of its own.
    address
        Its private address.
    is_running
        Whether EC2 runs it; another fetches when it boots.
    """

    name: str
    role: str
    address: str
    is_running: bool

    @property
    def place(self) -> str:
        """Who and where it is, for people."""
        return f"{self.name} ({self.role or 'master'}, {self.address})"


def list_machines(workspace: Workspace) -> tuple[FleetMachine, ...]:
    """Return the machines of a cluster that fetch certificates, the masters first."""
    found = aws.list_instances(workspace.session, workspace.cluster.name)
    running = {one.private_address for one in found if one.state == "running"}
    masters = [
        FleetMachine(name=name, role="", address=master.address, is_running=master.address in running)
        for name, master in workspace.cluster.masters.items()
    ]
    others = [
        FleetMachine(
            name=one.instance_id, role=one.role, address=one.private_address, is_running=one.state == "running"
        )
        for one in found
        if one.role in FLEET_MACHINE_ROLES
    ]
    return (*masters, *others)


def fetch_files(way: WayIn, machine: FleetMachine) -> None:
    """Have a machine fetch its files: all are checked first and put in place after, one rename each.

    Raises
    ------
    SshError
        When it cannot be reached, or the fetch fails; its old files are whole then.
    """
    with way.connect(machine.address, role=machine.role) as connection:
        run_command(connection, ["sudo", "/opt/bin/fleetkit-fetch"], limit_s=_FETCH_S)


def read_peer(way: WayIn, machine: FleetMachine) -> CertificateFacts:
    """Read, on a master, the certificate that its etcd shows to peers; from elsewhere that port is not reached.

    Raises
    ------
    SshError
        When the machine cannot be reached, or etcd shows none.
    """
    words = ["openssl", "s_client", "-connect", f"{machine.address}:{_PEER_PORT}"]
    with way.connect(machine.address, role=machine.role) as connection:
        # Without a certificate of its own the caller is refused, and only after it was shown the member's.
        said = run_command(connection, words, check=False)
    found = _CERTIFICATE.search(said.stdout)
    if found is None:
        reason = (said.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise SshError(f"{machine.name} shows its peers no certificate", seen=reason, transient=True)
    return parse_certificate_facts(ssl.PEM_cert_to_DER_cert(found.group(0)))


def read_used(way: WayIn, machine: FleetMachine) -> CertificateFacts:
    """Read the certificate that a machine's fleet uses: the one that lay there when the fleet that runs started.

    Raises
    ------
    SshError
        When the machine cannot be reached, has none, or its fleet has not started since that was put there.
    """
    with way.connect(machine.address, role=machine.role) as connection:
        text = run_command(connection, ["sudo", "cat", _FLEET_CERTIFICATE]).stdout
        pid = main_pid(connection, _FLEET)
        if pid == "0":
            raise SshError(f"fleet of {machine.name} uses no certificate", seen="it does not run", transient=True)
        ages = run_command(connection, ["sudo", "sh", "-c", AGES, "ages", pid, _FLEET_CERTIFICATE]).stdout
    if not was_read(ages):
        raise SshError(
            f"fleet of {machine.name} does not use its new certificate",
            seen="it runs since before that was put there",
            transient=True,
        )
    return parse_certificate_facts(ssl.PEM_cert_to_DER_cert(text.strip()))


def was_read(ages: str) -> bool:
    """Return whether a process started after a file was put in its place, by what `AGES` says of both."""
    started, ticks, uptime, put, now = map(float, ages.split())
    return uptime - started / ticks < now - put


def restart_fleet(way: WayIn, machine: FleetMachine, *, patience: Patience) -> None:
    """Have fleet read its certificate: it does so when it starts, and must not be asked to end.

    A fleetd that is told to end unloads all its units first. One that is killed leaves them to systemd, and finds
    them again when it starts.

    Raises
    ------
    SshError, WaitTimeoutError
        When the machine cannot be reached; when fleet does not come back.
    """
    with way.connect(machine.address, role=machine.role) as connection:
        before = main_pid(connection, _FLEET)
        run_command(connection, ["sudo", "systemctl", "kill", "--signal=KILL", _FLEET])

        def gone() -> bool | NotYet[bool]:
            return NotYet("the old one still runs") if main_pid(connection, _FLEET) == before != "0" else True

        wait_until(gone, what=f"fleet of {machine.name} to be gone", patience=patience)
        # systemd starts it again by itself, after ten seconds.
        run_command(connection, ["sudo", "systemctl", "start", _FLEET])

        def back() -> bool | NotYet[bool]:
            return True if main_pid(connection, _FLEET) not in ("0", before) else NotYet("it has not started yet")

        wait_until(back, what=f"fleet of {machine.name} to run again", patience=patience)


def main_pid(connection: Connection, service: str) -> str:
    """Return the process id of a service; ``0`` where it does not run."""
    return run_command(connection, ["systemctl", "show", "--property=MainPID", "--value", service]).stdout.strip()
