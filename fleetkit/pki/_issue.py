"""Making keys and certificates with cryptography; imported only when something is really made."""

from __future__ import annotations

import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fleetkit.pki.names import CertificateOrder, Purpose

__all__ = [
    "CA_VALIDITY",
    "LEAF_VALIDITY",
    "check_private_key",
    "make_ca",
    "make_certificate",
    "make_host_key",
    "make_private_key",
]

CA_VALIDITY = dt.timedelta(days=3652)
"""Ten years: replacing the CA means touching every machine twice, so it has to outlive the cluster."""

LEAF_VALIDITY = dt.timedelta(days=365)
"""One year: there is no revocation in etcd, so expiry is what ends a leaked key; short enough that
rotation is practised, long enough that a forgotten cluster does not stop on a holiday."""

_BACKDATING = dt.timedelta(hours=1)
"""A machine whose clock is behind at its first boot must not find its certificate in the future."""


def make_private_key() -> bytes:
    """Make a P-256 private key as PEM.

    fleet v1.0.0 was built with Go 1.5 to 1.7, whose TLS knows no Ed25519; P-256 is what both it and etcd know.
    """
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def check_private_key(key: bytes) -> None:
    """Raise ValueError or TypeError unless ``key`` is a private key that `make_private_key` could have made."""
    _load(key)


def make_host_key() -> bytes:
    """Make an Ed25519 SSH host key in OpenSSH's own format, which is the only one sshd takes for this kind."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )


def make_ca(*, cluster: str, key: bytes, now: dt.datetime) -> bytes:
    """Make the self-signed CA certificate of a cluster as PEM."""
    private = _load(key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"fleetkit {cluster} CA")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    return (
        _builder(name, name, private, now, CA_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def make_certificate(order: CertificateOrder, *, key: bytes, ca: bytes, ca_key: bytes, now: dt.datetime) -> bytes:
    """Make the leaf certificate of ``order``, signed by the CA, as PEM."""
    private, signer = _load(key), _load(ca_key)
    issuer = x509.load_pem_x509_certificate(ca)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if order.purpose is Purpose.MEMBER:
        usages.insert(0, ExtendedKeyUsageOID.SERVER_AUTH)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, order.common_name)])
    builder = (
        _builder(subject, issuer.subject, private, now, LEAF_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in order.dns_names]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in order.addresses]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    validity: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATING)
        .not_valid_after(now + validity)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _load(key: bytes) -> ec.EllipticCurvePrivateKey:
    private = serialization.load_pem_private_key(key, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise ValueError(f"expected a P-256 key, found {type(private).__name__}")
    return private
