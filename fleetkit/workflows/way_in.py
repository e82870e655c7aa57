"""The way in: how etcd and fleet of a cluster are reached from here, by a bastion or through a VPN.

With a bastion, every member's client port is brought to 127.0.0.1; with a VPN, members are dialled where they are.
Host keys are known before the first connection, because the cluster's own pki made them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fleetkit import aws
from fleetkit.config import Access, Cluster
from fleetkit.core import NotFoundError, SshError, utc_now
from fleetkit.etcd import CLIENT_PORT, ClusterHealth, Endpoint, EtcdLimits, LocalFacts, TlsFiles, read_health
from fleetkit.pki import ClusterPki, is_signed_by, known_hosts_line, load_pki
from fleetkit.ssh import (
    Connection,
    Forward,
    KnownHosts,
    SshAccess,
    SshTarget,
    Tunnel,
    TunnelEvent,
    UnixSocket,
    open_connection,
    open_unix_socket,
)
from fleetkit.workflows._workspace import Workspace

__all__ = [
    "BASTION_USER",
    "FLEET_SOCKET",
    "MACHINE_USER",
    "WayIn",
    "find_bastion",
    "list_known_hosts",
    "login_key_file",
    "open_way_in",
]

BASTION_USER = "ubuntu"
MACHINE_USER = "core"
FLEET_SOCKET = "/run/fleet.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """An open way to a cluster's members and machines.

    Attributes
    ----------
    cluster
        The cluster.
    endpoints
        Its etcd members, each with where to dial for it.
    tls
        The operator's certificate, and the CA to trust.
    tunnel
        The tunnel through the bastion; None with a VPN.
    """

    cluster: Cluster
    endpoints: tuple[Endpoint, ...]
    tls: TlsFiles
    tunnel: Tunnel | None
    _pki: ClusterPki = field(repr=False)
    _access: SshAccess = field(repr=False)
    _key_file: Path | None = field(repr=False)

    @property
    def etcdctl_environment(self) -> dict[str, str]:
        """The environment in which etcdctl asks the members, through the tunnel where there is one."""
        return {
            "ETCDCTL_API": "3",
            # The members' certificates name 127.0.0.1 as well, so etcdctl checks them through the tunnel.
            "ETCDCTL_ENDPOINTS": ",".join(f"https://{one.dialled}" for one in self.endpoints),
            "ETCDCTL_CACERT": str(self.tls.ca),
            "ETCDCTL_CERT": str(self.tls.certificate),
            "ETCDCTL_KEY": str(self.tls.key),
        }

    @property
    def loss(self) -> str:
        """What is amiss with the tunnel at this moment; empty where it is open, or where there is none."""
        try:
            if self.tunnel is not None:
                self.tunnel.check()
        except SshError as error:
            return error.without_hint
        return ""

    def read_health(self, *, limits: EtcdLimits | None = None) -> ClusterHealth:
        """Ask all members for their health; reasons draw on the local certificates and on what the tunnel knows."""
        return read_health(
            self.endpoints,
            tls=self.tls,
            limits=limits,
            facts=self._local_facts(),
            explain=_explain_vpn if self.tunnel is None else self.tunnel.explain,
        )

    @contextlib.contextmanager
    def connect(self, address: str, *, role: str = "") -> Iterator[Connection]:
        """Log in to the machine at a private address for the length of a block.

        Parameters
        ----------
        role
            Of a machine that is no master, such as ``internal``: its host key is that of its role.

        Raises
        ------
        SshError
            When it cannot be reached, shows another host key, or refuses ours.
        """
        target = SshTarget(host=address, user=MACHINE_USER, key_file=self._key_file)
        via = None if self.tunnel is None else self.tunnel.bastion
        with open_connection(target, access=self._access_of(address, role), via=via) as connection:
            yield connection

    def _access_of(self, address: str, role: str) -> SshAccess:
        if not role:
            return self._access
        line = known_hosts_line([address], self._pki.role_host_keys[role].public_line())
        known_hosts = KnownHosts.from_lines([line], source=f"the host key of {role} of {self.cluster.name}")
        return replace(self._access, known_hosts=known_hosts)

    @contextlib.contextmanager
    def connect_master(self) -> Iterator[Connection]:
        """Log in to the first master that lets us in.

        Raises
        ------
        SshError
            When none does; it is the first master's reason.
        """
        first: SshError | None = None
        with contextlib.ExitStack() as stack:
            for master in self.cluster.masters.values():
                try:
                    connection = stack.enter_context(self.connect(master.address))
                except SshError as error:
                    first = first or error
                    continue
                yield connection
                return
        if first is not None:
            raise first

    def open_fleet_socket(self, connection: Connection) -> Callable[[], UnixSocket]:
        """Return what opens fleet's API on the machine of ``connection``; each call opens it once."""
        return lambda: open_unix_socket(connection, FLEET_SOCKET)

    def _local_facts(self) -> LocalFacts:
        mine = self._pki.clients["operator"]
        facts = mine.facts()
        return LocalFacts(
            client_given=True,
            client_not_before=facts.not_before,
            client_not_after=facts.not_after,
            client_trusted=is_signed_by(mine.certificate, self._pki.ca.certificate),
            server_not_after={name: files.facts().not_after for name, files in self._pki.servers.items()},
            now=utc_now(),
        )


@contextlib.contextmanager
def open_way_in(
    workspace: Workspace,
    *,
    local_ports: Sequence[int] = (),
    on_event: Callable[[TunnelEvent], None] | None = None,
    machines: Callable[[], Iterable[aws.Instance]] | None = None,
) -> Iterator[WayIn]:
    """Open the way in for the length of a block.

    Parameters
    ----------
    local_ports
        Ports on 127.0.0.1 for the members, in the order of their names; any free ones where not given.
    on_event
        Told when the tunnel is lost and found again.
    machines
        Gives the cluster's machines to whoever has them; AWS is asked for the bastion where not given.

    Raises
    ------
    NotFoundError
        When the cluster has no bastion that runs, or no certificates on this computer.
    SshError
        When the bastion cannot be reached, or is not the one expected.
    """
    cluster, paths = workspace.cluster, workspace.paths
    pki = load_pki(paths.pki, members={name: master.address for name, master in cluster.masters.items()})
    tls = TlsFiles(
        ca=pki.ca.certificate, certificate=pki.clients["operator"].certificate, key=pki.clients["operator"].key
    )
    key_file = login_key_file(cluster)
    bastion = find_bastion(workspace, machines=machines) if cluster.access is Access.BASTION else ""
    known_hosts = KnownHosts.from_lines(
        list_known_hosts(cluster, pki, bastion=bastion), source=f"the host keys of {cluster.name}"
    )
    access = SshAccess(known_hosts=known_hosts, config_file=workspace.settings.ssh_config)
    addresses = {name: master.address for name, master in sorted(cluster.masters.items())}
    with contextlib.ExitStack() as stack:
        tunnel = None
        dialled = {name: (address, CLIENT_PORT) for name, address in addresses.items()}
        if bastion:
            ports = [*local_ports, *[0] * (len(addresses) - len(local_ports))]
            forwards = [
                Forward(name=name, host=address, port=CLIENT_PORT, local_port=port)
                for (name, address), port in zip(addresses.items(), ports, strict=True)
            ]
            target = SshTarget(host=bastion, user=BASTION_USER, key_file=key_file)
            tunnel = stack.enter_context(Tunnel(target, forwards, access=access, on_event=on_event))
            dialled = {name: tunnel.local_address(name) for name in addresses}
        endpoints = tuple(
            Endpoint(name=name, host=address, address=dialled[name][0], port=dialled[name][1])
            for name, address in addresses.items()
        )
        yield WayIn(
            cluster=cluster,
            endpoints=endpoints,
            tls=tls,
            tunnel=tunnel,
            _pki=pki,
            _access=access,
            _key_file=key_file,
        )


def find_bastion(workspace: Workspace, *, machines: Callable[[], Iterable[aws.Instance]] | None = None) -> str:
    """Return the bastion's public address, as AWS knows it.

    Parameters
    ----------
    machines
        Gives the cluster's machines to whoever has them; AWS is asked for the bastion where not given.

    Raises
    ------
    NotFoundError
        When the cluster has none that runs.
    """
    if machines is None:
        found = aws.list_instances(workspace.session, workspace.cluster.name, role="bastion")
    else:
        found = tuple(one for one in machines() if one.role == "bastion")
    running = [one for one in found if one.state == "running" and one.public_address]
    if not running:
        seen = ", ".join(f"{one.instance_id} is {one.state}" for one in found) or "it has no bastion at all"
        raise NotFoundError(
            f"the cluster {workspace.cluster.name} has no bastion that runs",
            seen=seen,
            hint=f"fleetkit deploy {workspace.cluster.name} makes what is missing",
        )
    return running[0].public_address


def _explain_vpn(_name: str) -> str:
    return "members are dialled through the VPN: it has to be connected"


def list_known_hosts(cluster: Cluster, pki: ClusterPki, *, bastion: str) -> list[str]:
    """Return the lines of a known_hosts file for the masters, and for the bastion at its address where it has one."""
    lines = [
        known_hosts_line([master.address, f"{name}.{cluster.dns_zone}"], pki.master_host_keys[name].public_line())
        for name, master in cluster.masters.items()
    ]
    if bastion:
        lines.append(known_hosts_line([bastion], pki.role_host_keys["bastion"].public_line()))
    return lines


def login_key_file(cluster: Cluster) -> Path | None:
    """Return the private key that the cluster file names for logging in; None leaves it to ssh_config and agent."""
    return Path(cluster.key_file).expanduser() if cluster.key_file else None
