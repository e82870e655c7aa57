"""Certificates as a test wants them: valid, expired, or of a CA that nobody knows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from fleetkit.pki import ClusterPki, ensure_pki
from fleetkit.pki._issue import make_ca, make_certificate, make_private_key
from fleetkit.pki.names import CertificateOrder, Purpose

MEMBERS = {"etcd1": "10.10.3.100", "etcd2": "10.10.4.100", "etcd3": "10.10.5.100"}
ZONE = "demo.internal"
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two PEM files."""

    certificate: Path
    key: Path


def make_demo_pki(folder: Path, *, members: dict[str, str] | None = None) -> ClusterPki:
    """Make the certificates of the cluster ``demo``."""
    return ensure_pki(folder, cluster="demo", members=members or MEMBERS, dns_zone=ZONE)


def make_foreign_ca(folder: Path) -> Pair:
    """Make a CA of the same name that is not the cluster's."""
    folder.mkdir(parents=True, exist_ok=True)
    key = make_private_key()
    pair = Pair(folder / "foreign-ca.crt", folder / "foreign-ca.key")
    pair.key.write_bytes(key)
    pair.certificate.write_bytes(make_ca(cluster="demo", key=key, now=dt.datetime.now(dt.UTC)))
    return pair


def issue(
    folder: Path,
    name: str,
    *,
    ca: Pair,
    addresses: tuple[str, ...] = (),
    dns_names: tuple[str, ...] = (),
    purpose: Purpose = Purpose.CLIENT,
    now: dt.datetime | None = None,
) -> Pair:
    """Issue a certificate; with ``now`` far in the past it has expired."""
    folder.mkdir(parents=True, exist_ok=True)
    order = CertificateOrder(stem=name, common_name=name, dns_names=dns_names, addresses=addresses, purpose=purpose)
    key = make_private_key()
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    pair.key.write_bytes(key)
    pair.certificate.write_bytes(
        make_certificate(
            order,
            key=key,
            ca=ca.certificate.read_bytes(),
            ca_key=ca.key.read_bytes(),
            now=now or dt.datetime.now(dt.UTC),
        )
    )
    return pair


def ca_of(pki: ClusterPki) -> Pair:
    """Return the cluster's CA as a pair."""
    return Pair(pki.ca.certificate, pki.ca.key)
