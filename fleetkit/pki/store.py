"""The pki folder of a cluster: what lies in it, and how it comes to be complete.

``ensure_pki`` makes what is missing and never replaces anything; `renew_leaf` does that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import NotFoundError, utc_now
from fleetkit.pki._files import check_private, locked_folder, make_private_folder, write_private
from fleetkit.pki.facts import CertificateFacts, read_certificate_facts
from fleetkit.pki.names import CLIENT_NAMES, HOST_KEY_ROLES, list_certificates, list_host_keys

__all__ = ["CertificateFiles", "ClusterPki", "HostKeyFiles", "ensure_pki", "load_pki"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """Where a certificate and its private key lie.

    Attributes
    ----------
    name
        Path inside the pki folder without its ending, such as ``members/etcd1/server``.
    certificate, key
        PEM files.
    """

    name: str
    certificate: Path
    key: Path

    def facts(self) -> CertificateFacts:
        """Read what the certificate states."""
        return read_certificate_facts(self.certificate)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKeyFiles:
    """Where an SSH host key lies.

    Attributes
    ----------
    name
        Path inside the pki folder without its ending, such as ``hosts/roles/bastion``.
    private, public
        The key in OpenSSH's format, and its public line.
    """

    name: str
    private: Path
    public: Path

    def public_line(self) -> str:
        """Read the public key: algorithm and base64, without a comment."""
        return self.public.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPki:
    """All certificates and host keys of a cluster.

    Attributes
    ----------
    folder
        The cluster's pki folder.
    ca
        The cluster's CA.
    servers, peers
        Certificates of each etcd member, by the member's name.
    clients
        Client certificates by the caller's name; see `CLIENT_NAMES`.
    master_host_keys
        SSH host key of each master, by the member's name.
    role_host_keys
        SSH host key of each other role; see `HOST_KEY_ROLES`.
    made
        Names of what was made by this very call, in the order of making; empty when all was there.
    """

    folder: Path
    ca: CertificateFiles
    servers: Mapping[str, CertificateFiles]
    peers: Mapping[str, CertificateFiles]
    clients: Mapping[str, CertificateFiles]
    master_host_keys: Mapping[str, HostKeyFiles]
    role_host_keys: Mapping[str, HostKeyFiles]
    made: tuple[str, ...] = ()

    def certificates(self) -> tuple[CertificateFiles, ...]:
        """Return every certificate, the CA first."""
        return (self.ca, *self.servers.values(), *self.peers.values(), *self.clients.values())


def ensure_pki(
    folder: Path, *, cluster: str, members: Mapping[str, str], dns_zone: str, now: dt.datetime | None = None
) -> ClusterPki:
    """Make what is missing of a cluster's certificates and host keys, and check what is there.

    Parameters
    ----------
    folder
        The cluster's pki folder; made with mode 0700 where it is not there.
    cluster
        Name of the cluster, which stands in the CA's name.
    members
        Name of each etcd member to its static address.
    dns_zone
        Private zone in which the members have their names.
    now
        The moment at which validity starts; the present where not given.

    Returns
    -------
    ClusterPki
        With ``made`` naming what this call made: nothing, the second time.

    Raises
    ------
    PreconditionError
        When a file is damaged, does not belong to this cluster or its member, or can be read by others.
        Nothing is replaced, because machines may already trust what it was.
    BusyError
        When another process is making certificates in the same folder.
    SettingsError
        When a member's address is not an IP address.
    """
    from fleetkit.pki import _ensure

    moment = utc_now() if now is None else now
    orders = list_certificates(members=members, dns_zone=dns_zone)
    make_private_folder(folder)
    made: list[str] = []
    with locked_folder(folder):
        ca = _certificate(folder, "ca")
        leaves = [_certificate(folder, order.stem).certificate for order in orders]
        if _ensure.ensure_ca(ca.certificate, ca.key, cluster=cluster, leaves=leaves, now=moment, write=write_private):
            made.append(ca.name)
        for order in orders:
            files = _certificate(folder, order.stem)
            if _ensure.ensure_leaf(
                order, files.certificate, files.key, ca=ca.certificate, ca_key=ca.key, now=moment, write=write_private
            ):
                made.append(files.name)
        for stem in list_host_keys(members):
            host = _host_key(folder, stem)
            if _ensure.ensure_host_key(host.private, host.public, write=write_private):
                made.append(host.name)
    return _layout(folder, members, made=tuple(made))


def load_pki(folder: Path, *, members: Mapping[str, str]) -> ClusterPki:
    """Return where a cluster's certificates and host keys lie, with none made and none read.

    Raises
    ------
    NotFoundError
        When something is missing; says what.
    PreconditionError
        When others than the owner can reach the folder.
    """
    pki = _layout(folder, members)
    keys = (*pki.master_host_keys.values(), *pki.role_host_keys.values())
    wanted = [path for files in pki.certificates() for path in (files.certificate, files.key)]
    wanted += [path for host in keys for path in (host.private, host.public)]
    missing = [str(path.relative_to(folder)) for path in wanted if not path.is_file()]
    if missing:
        shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise NotFoundError(
            f"the certificates of the cluster are not complete in {folder}",
            seen=f"missing: {shown}",
            hint="a deploy makes them; after a handover, unpack the whole folder",
        )
    check_private(folder)
    return pki


def _layout(folder: Path, members: Mapping[str, str], *, made: tuple[str, ...] = ()) -> ClusterPki:
    return ClusterPki(
        folder=folder,
        ca=_certificate(folder, "ca"),
        servers={name: _certificate(folder, f"members/{name}/server") for name in members},
        peers={name: _certificate(folder, f"members/{name}/peer") for name in members},
        clients={name: _certificate(folder, f"clients/{name}") for name in CLIENT_NAMES},
        master_host_keys={name: _host_key(folder, f"hosts/members/{name}") for name in members},
        role_host_keys={role: _host_key(folder, f"hosts/roles/{role}") for role in HOST_KEY_ROLES},
        made=made,
    )


def _certificate(folder: Path, stem: str) -> CertificateFiles:
    return CertificateFiles(name=stem, certificate=folder / f"{stem}.crt", key=folder / f"{stem}.key")


def _host_key(folder: Path, stem: str) -> HostKeyFiles:
    return HostKeyFiles(name=stem, private=folder / f"{stem}_ed25519_key", public=folder / f"{stem}_ed25519_key.pub")
