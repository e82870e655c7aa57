"""Three members and a bastion in the loopback mode, and the operator's tunnel to them; also a parent to be killed.

Run as ``python loopback_world.py FOLDER`` with this folder's parent and the package on the path, it brings them up,
says so, and waits for its end.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.hall_boot import MetadataService, ignition
from support.hall_etcd import MEMBERS, Cluster

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.etcd import ClusterHealth, Endpoint, TlsFiles, read_health
from fleetkit.sandbox.hall import MachineSpec
from fleetkit.sandbox.loopback import LoopbackHall
from fleetkit.ssh import Forward, KnownHosts, SshAccess, SshTarget, Tunnel

BASTION = "10.77.9.1"
PATIENCE = Patience(deadline_s=60, interval_s=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A key pair, as OpenSSH writes it."""

    private: str
    public: str


def make_keys() -> Keys:
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    return Keys(private=key.export_private_key().decode(), public=key.export_public_key().decode().strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackWorld:
    """What runs, and what the operator has."""

    hall: LoopbackHall
    cluster: Cluster
    metadata: MetadataService
    host: Keys
    login: Keys
    folder: Path

    def boot(self) -> None:
        """Bring up the members and the bastion, and wait until each is up or has failed."""
        for member, address in MEMBERS.items():
            self.add(member, address, self.cluster.user_data(member))
        files: dict[str, str | bytes | tuple[str | bytes, int]] = {
            "/etc/ssh/sshd_config": "HostKey /etc/ssh/fleetkit/host_key\nPermitRootLogin no\n",
            "/etc/ssh/fleetkit/host_key": (self.host.private, 0o600),
        }
        self.add("bastion", BASTION, ignition(files))
        for name in (*MEMBERS, "bastion"):
            self.await_state(name, "running")

    def add(self, name: str, address: str, user_data: str) -> None:
        self.metadata.tell(address, user_data=user_data, public_key=self.login.public)
        self.hall.add_machine(MachineSpec(machine_id=name, hostname=name, address=address, kind="flatcar"))

    def await_state(self, name: str, *states: str) -> None:
        machine = self.hall.machine(name)

        def look() -> bool | NotYet[bool]:
            seen = machine.state
            return True if seen in states else NotYet(f"{seen}: {machine.log_path.read_text()}")

        wait_until(look, what=f"{name} to be {' or '.join(states)}", patience=PATIENCE)

    def access(self) -> SshAccess:
        known = KnownHosts.from_lines([f"{BASTION} {self.host.public}"])
        config = self.folder / "ssh_config"
        loopback, port = self.hall.table.place(BASTION, 22, own=BASTION)
        config.write_text(f"Host {BASTION}\n  HostName {loopback}\n  Port {port}\n  HostKeyAlias {BASTION}\n")
        return SshAccess(known_hosts=known, config_file=config)

    def target(self) -> SshTarget:
        key_file = self.folder / "login"
        key_file.touch(mode=0o600)
        key_file.write_text(self.login.private)
        return SshTarget(host=BASTION, user="core", key_file=key_file)

    @contextmanager
    def tunnel(self) -> Iterator[Tunnel]:
        """Open fleetkit's own tunnel through the bastion to every member."""
        forwards = [Forward(name=name, host=address, port=2379) for name, address in MEMBERS.items()]
        with Tunnel(self.target(), forwards, access=self.access()) as tunnel:
            yield tunnel

    def health(self, tunnel: Tunnel) -> ClusterHealth:
        """Ask all members through the tunnel, with the names of their certificates checked."""
        self.cluster.client_context()
        endpoints = []
        for name, host in MEMBERS.items():
            address, port = tunnel.local_address(name)
            endpoints.append(Endpoint(name=name, host=host, address=address, port=port))
        folder = self.cluster.folder
        tls = TlsFiles(ca=folder / "ca.crt", certificate=folder / "client.crt", key=folder / "client.key")
        return read_health(endpoints, tls=tls)

    def await_health(self, tunnel: Tunnel, *healthy: str) -> None:
        """Wait until exactly these members are healthy."""

        def look() -> bool | NotYet[bool]:
            seen = [one.name for one in self.health(tunnel).members if one.healthy]
            return True if seen == list(healthy) else NotYet(f"healthy: {seen}")

        wait_until(look, what=f"{healthy} to be healthy", patience=PATIENCE)


@contextmanager
def loopback_world(folder: Path) -> Iterator[LoopbackWorld]:
    """Yield a world whose machines were not booted yet; all of it ends with the block."""
    with LoopbackHall.start(folder / "hall", trust_pem=b"") as hall:
        metadata = MetadataService(hall)
        try:
            yield LoopbackWorld(
                hall=hall,
                cluster=Cluster(folder),
                metadata=metadata,
                host=make_keys(),
                login=make_keys(),
                folder=folder,
            )
        finally:
            metadata.close()


def main() -> None:
    """Hold a world until killed."""
    with loopback_world(Path(sys.argv[1])) as world:
        world.boot()
        with world.tunnel() as tunnel:
            world.await_health(tunnel, *MEMBERS)
        sys.stdout.write("up\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
