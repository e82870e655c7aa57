"""What machines fetch when they boot: certificates, keys and settings, as objects in the cluster's bucket.

Each role has a prefix that only its own instance role may read, and in it a manifest: one line for each file, with
its sha256, mode, owner, destination and key.
A machine's user data points to the manifest and never changes; what varies is delivered here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit import etcd
from fleetkit.config import Cluster
from fleetkit.fleet import render_environment as render_fleet_environment
from fleetkit.workflows.bucket_keys import (
    DEPLOY_PREFIX,
    ETCD_PAGE,
    PAGES,
    SETTINGS,
    archive_key,
    master_prefix,
    page_prefixes,
    pages_key,
)

if TYPE_CHECKING:
    from fleetkit.pki import CertificateFiles, ClusterPki, HostKeyFiles

__all__ = [
    "FLEET_MACHINE_ROLES",
    "DeliveredFile",
    "image_file",
    "keep_secrets",
    "list_deliveries",
    "name_members",
    "render_manifest",
    "says_image",
    "says_joining",
    "secret_lines",
]

FLEET_MACHINE_ROLES: tuple[str, ...] = ("internal", "public", "deploy")
"""Roles, beside the masters, whose machines join fleet."""

_IMAGE = "ETCD_IMAGE="
_BALANCERS = {ETCD_PAGE: "etcd-ui", "fleet-ui": "fleet-ui"}
"""Each page to the end of the name of its load balancer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredFile:
    """One file that a machine fetches.

    Attributes
    ----------
    destination
        Absolute path on the machine; without spaces, as the manifest's lines are split at them.
    mode
        Permissions as an octal number, such as 0o400.
    owner
        User and group, ``root:root``.
    key
        Object key in the cluster's bucket.
    sha256
        Of the content, in hex.
    content
        What to put there; None for what is put there apart, as fleet's archive is.
    """

    destination: str
    mode: int
    owner: str
    key: str
    sha256: str
    content: bytes | None

    def __repr__(self) -> str:
        # Never the content: it may be a private key.
        return f"DeliveredFile({self.destination!r}, key={self.key!r})"


def says_joining(settings: bytes) -> bool:
    """Return whether a member with these settings joins a cluster that is there, and never begins a new one."""
    return b"ETCD_INITIAL_CLUSTER_STATE=existing" in settings.splitlines()


def image_file(name: str, image: str) -> DeliveredFile:
    """Return the file that tells the master of the member called ``name`` which image of etcd it runs."""
    return _Prefix(master_prefix(name)).file("/etc/fleetkit/images.env", f"{_IMAGE}{image}\n".encode())


def says_image(content: bytes) -> str:
    """Return the image that such a file names; empty where it names none."""
    lines = content.decode("ascii", "replace").splitlines()
    return next((line.removeprefix(_IMAGE) for line in lines if line.startswith(_IMAGE)), "")


def name_members(settings: bytes) -> frozenset[str]:
    """Return the names of all members that these settings know, the member's own among them."""
    variable = b"ETCD_INITIAL_CLUSTER="
    lists = [line.removeprefix(variable) for line in settings.splitlines() if line.startswith(variable)]
    return frozenset(one.split(b"=")[0].decode("ascii", "replace") for text in lists for one in text.split(b","))


def list_deliveries(
    cluster: Cluster, pki: ClusterPki, *, joining: Collection[str] = (), first_units: bytes = b""
) -> dict[str, tuple[DeliveredFile, ...]]:
    """Return what each prefix of the bucket holds: ``roles/master/<member>`` or ``roles/<role>`` to its files.

    What a page needs lies in a prefix of its own below that of the master.

    Reads the certificates and keys of ``pki`` from disk; opens no connection.

    Parameters
    ----------
    joining
        Names of the members that join the cluster that is there, because they were replaced.
    first_units
        What the deploy host sends to fleet, as `render_first_units` writes it; nothing where empty.
    """
    deliveries: dict[str, tuple[DeliveredFile, ...]] = {}
    for name in cluster.masters:
        files = _Prefix(master_prefix(name))
        deliveries[files.prefix] = (
            *_etcd_files(files, cluster, name, pki, state="existing" if name in joining else "new"),
            *_fleet_files(files, cluster, "master", pki),
            *_host_key_files(files, pki.master_host_keys[name]),
        )
        if cluster.pins.pages_sha256:
            for page, prefix in zip(PAGES, page_prefixes(name), strict=True):
                deliveries[prefix] = tuple(_page_files(_Prefix(prefix), cluster, name, page, pki))
    for role in FLEET_MACHINE_ROLES:
        files = _Prefix(f"roles/{role}")
        deliveries[files.prefix] = (
            *_fleet_files(files, cluster, role, pki),
            *_host_key_files(files, pki.role_host_keys[role]),
        )
    if first_units:
        deploy = _Prefix(DEPLOY_PREFIX)
        deliveries[DEPLOY_PREFIX] += (deploy.file("/etc/fleetkit/units", first_units),)
    bastion = _Prefix("roles/bastion")
    deliveries[bastion.prefix] = tuple(_host_key_files(bastion, pki.role_host_keys["bastion"]))
    return deliveries


def render_manifest(files: tuple[DeliveredFile, ...]) -> bytes:
    """Write the manifest of one prefix: what the fetch script on the machine reads."""
    lines = [f"{one.sha256} {one.mode:04o} {one.owner} {one.destination} {one.key}\n" for one in files]
    return "".join(lines).encode("ascii")


def secret_lines(manifest: bytes) -> tuple[str, ...]:
    """Return the lines of a manifest that name secrets, which are delivered apart from all the rest."""
    lines = manifest.decode("ascii", "replace").splitlines()
    return tuple(line for line in lines if re.fullmatch(r"roles/[^/]+/secrets/.+", line.split(" ")[-1]))


def keep_secrets(manifest: bytes, before: bytes) -> bytes:
    """Return a manifest that names the secrets of the one before as well: whoever delivers the rest leaves them."""
    return manifest + "".join(f"{line}\n" for line in secret_lines(before)).encode("ascii")


@dataclass(frozen=True, slots=True)
class _Prefix:
    """Makes files below one prefix of the bucket."""

    prefix: str

    def file(self, destination: str, content: bytes, *, mode: int = 0o644, owner: str = "root:root") -> DeliveredFile:
        return DeliveredFile(
            destination=destination,
            mode=mode,
            owner=owner,
            key=f"{self.prefix}/files{destination}",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
        )

    def pair(self, folder: str, name: str, files: CertificateFiles, *, owner: str) -> Iterator[DeliveredFile]:
        yield self.file(f"{folder}/{name}.crt", files.certificate.read_bytes(), owner=owner)
        yield self.file(f"{folder}/{name}.key", files.key.read_bytes(), mode=0o400, owner=owner)


def _etcd_files(files: _Prefix, cluster: Cluster, name: str, pki: ClusterPki, *, state: str) -> Iterator[DeliveredFile]:
    addresses = {member: master.address for member, master in cluster.masters.items()}
    settings = etcd.render_environment(
        name=name,
        members=addresses,
        token=cluster.etcd.token or f"{cluster.name}.{cluster.network.dns_zone}",
        heartbeat_ms=cluster.etcd.heartbeat_ms,
        election_ms=cluster.etcd.election_ms,
        quota_bytes=cluster.etcd.quota_gb * 1024**3,
        state=state,
    )
    yield files.file(SETTINGS, settings.encode())
    yield image_file(name, cluster.pins.etcd_image)
    yield files.file("/etc/etcd/pki/ca.crt", pki.ca.certificate.read_bytes(), owner="etcd:etcd")
    yield from files.pair("/etc/etcd/pki", "server", pki.servers[name], owner="etcd:etcd")
    yield from files.pair("/etc/etcd/pki", "peer", pki.peers[name], owner="etcd:etcd")


def _fleet_files(files: _Prefix, cluster: Cluster, role: str, pki: ClusterPki) -> Iterator[DeliveredFile]:
    metadata = {"etcd": role, **cluster.fleet.metadata}
    settings = render_fleet_environment(
        members={member: master.address for member, master in cluster.masters.items()},
        metadata=metadata,
        etcd_request_timeout_s=cluster.fleet.etcd_request_timeout_s,
        agent_ttl_s=cluster.fleet.agent_ttl_s,
        engine_reconcile_interval_s=cluster.fleet.engine_reconcile_interval_s,
    )
    yield files.file("/etc/fleet/fleet.env", settings.encode())
    yield files.file("/etc/fleet/pki/ca.crt", pki.ca.certificate.read_bytes())
    yield from files.pair("/etc/fleet/pki", "client", pki.clients["fleet"], owner="root:root")
    yield DeliveredFile(
        destination="/opt/fleetkit/fleet.tar.gz",
        mode=0o644,
        owner="root:root",
        key=archive_key(cluster),
        sha256=cluster.pins.fleet_sha256,
        content=None,
    )


def _page_files(files: _Prefix, cluster: Cluster, name: str, page: str, pki: ClusterPki) -> Iterator[DeliveredFile]:
    """Yield what a page needs on a master; its unit fetches it whenever it starts, and nobody else does."""
    settings = {
        "PYTHON_IMAGE": cluster.pins.python_image,
        "ADDRESS": cluster.masters[name].address,
        "NAME": f"{page}.{cluster.dns_zone}",
        # AWS puts a number behind the name of a load balancer, which nobody knows before it is made.
        "BALANCER": f"internal-{cluster.name}-{_BALANCERS[page]}-*.{cluster.region}.elb.amazonaws.com",
    }
    if page == ETCD_PAGE:
        addresses = [master.address for master in cluster.masters.values()]
        settings["ENDPOINTS"] = ",".join(f"https://{address}:{etcd.CLIENT_PORT}" for address in addresses)
        folder = f"/etc/fleetkit/{page}/pki"
        yield files.file(f"{folder}/ca.crt", pki.ca.certificate.read_bytes())
        yield from files.pair(folder, "ui", pki.clients["ui"], owner="etcd:etcd")
    text = "".join(f"{key}={value}\n" for key, value in settings.items())
    yield files.file(f"/etc/fleetkit/{page}.env", text.encode())
    yield DeliveredFile(
        destination="/opt/fleetkit/pages.pex",
        mode=0o644,
        owner="root:root",
        key=pages_key(cluster),
        sha256=cluster.pins.pages_sha256,
        content=None,
    )


def _host_key_files(files: _Prefix, host: HostKeyFiles) -> Iterator[DeliveredFile]:
    path = "/etc/ssh/fleetkit/ssh_host_ed25519_key"
    yield files.file(path, host.private.read_bytes(), mode=0o600)
    yield files.file(f"{path}.pub", host.public.read_bytes())
