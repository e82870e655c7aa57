"""Which certificates and host keys a cluster needs, and what each of them states. Pure data, no I/O."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from fleetkit.core import SettingsError

__all__ = ["CLIENT_NAMES", "HOST_KEY_ROLES", "CertificateOrder", "Purpose", "list_certificates", "list_host_keys"]

CLIENT_NAMES: tuple[str, ...] = ("fleet", "operator", "ui")
"""Callers of etcd that have a client certificate; the name is the certificate's common name."""

HOST_KEY_ROLES: tuple[str, ...] = ("bastion", "deploy", "internal", "public")
"""Roles whose machines share one SSH host key; masters have one each."""


class Purpose(enum.StrEnum):
    """What a certificate may be used for."""

    CLIENT = "client"
    """To call etcd."""
    MEMBER = "member"
    """To serve and to call: etcd's own gateway and its peers present the same certificate in both directions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrder:
    """A leaf certificate that a cluster needs.

    Attributes
    ----------
    stem
        Path of its files inside the cluster's pki folder, without their endings: ``members/etcd1/server``.
    common_name
        Subject's common name.
    dns_names, addresses
        Subject alternative names, in the order in which they are written.
    purpose
        What the certificate may be used for.
    """

    stem: str
    common_name: str
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    purpose: Purpose


def list_certificates(*, members: Mapping[str, str], dns_zone: str) -> tuple[CertificateOrder, ...]:
    """Return the leaf certificates of a cluster.

    Parameters
    ----------
    members
        Name of each etcd member to its static address.
    dns_zone
        Private zone in which the members have their names.

    Raises
    ------
    SettingsError
        When a member's address is not an IP address.
    """
    orders: list[CertificateOrder] = []
    for name, address in members.items():
        _check_address(name, address)
        full_name = f"{name}.{dns_zone}"
        orders.append(
            CertificateOrder(
                stem=f"members/{name}/server",
                common_name=full_name,
                # Loopback is named too: on the machine itself etcdctl and the member's own gateway dial it.
                dns_names=(full_name, "localhost"),
                addresses=tuple(dict.fromkeys((address, "127.0.0.1"))),
                purpose=Purpose.MEMBER,
            )
        )
        orders.append(
            CertificateOrder(
                stem=f"members/{name}/peer",
                common_name=full_name,
                # No loopback here: etcd compares a peer's source address with these, and no peer comes from there.
                dns_names=(full_name,),
                addresses=(address,),
                purpose=Purpose.MEMBER,
            )
        )
    orders += [
        CertificateOrder(stem=f"clients/{name}", common_name=name, dns_names=(), addresses=(), purpose=Purpose.CLIENT)
        for name in CLIENT_NAMES
    ]
    return tuple(orders)


def list_host_keys(members: Mapping[str, str]) -> tuple[str, ...]:
    """Return the stems of a cluster's SSH host keys: one for each master, one for each role."""
    masters = tuple(f"hosts/members/{name}" for name in members)
    return masters + tuple(f"hosts/roles/{role}" for role in HOST_KEY_ROLES)


def _check_address(name: str, address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise SettingsError(
            f"the address of member {name} cannot stand in a certificate",
            seen=repr(address),
            hint="give the member a plain IP address, such as 10.10.3.100",
        ) from error
