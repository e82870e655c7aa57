"""The sandbox's own certificate authority, and the key pair with which instances are entered.

Both are made for one sandbox and end with its folder; neither has to do with the certificates of a cluster.
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "make_key_pair"]

_LIFE = dt.timedelta(days=30)
_SLACK = dt.timedelta(minutes=5)


class Authority:
    """Signs server certificates for the names under which the sandbox answers machines.

    Parameters
    ----------
    folder
        Where keys and certificates are written, each key 0600.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox authority")])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._builder(self._name, self._key.public_key(), constraints).sign(
            self._key, hashes.SHA256()
        )
        (folder / "ca.pem").write_bytes(self.trust_pem)

    @property
    def trust_pem(self) -> bytes:
        """The certificate that machines trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def server_context(self, label: str, names: list[str]) -> ssl.SSLContext:
        """Return a server's TLS settings with a new certificate for ``names``."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        builder = self._builder(subject, key.public_key(), constraints)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        certificate = builder.sign(self._key, hashes.SHA256())
        file = self._folder / f"{label}.pem"
        file.touch(mode=0o600)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(file)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, constraints: x509.BasicConstraints
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SLACK)
            .not_valid_after(now + _LIFE)
            .add_extension(constraints, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def make_key_pair(file: Path) -> bytes:
    """Write a new Ed25519 key for SSH to ``file`` (0600), its public side beside it, and return the public line."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ed25519.Ed25519PrivateKey.generate()
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    file.with_suffix(".pub").write_bytes(public + b" fleetkit\n")
    return public
