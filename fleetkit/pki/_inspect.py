"""Reading certificates and keys with cryptography; imported only where a file is really looked at."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from fleetkit.core import NotFoundError, SettingsError
from fleetkit.pki.facts import CertificateFacts

__all__ = [
    "describe",
    "key_matches",
    "parse_certificate",
    "public_line_of",
    "read_bytes",
    "read_certificate",
    "read_certificates",
    "signed_by",
]


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Read all certificates of a PEM file; see `read_certificate` for what it raises."""
    try:
        return x509.load_pem_x509_certificates(read_bytes(path))
    except ValueError as error:
        raise SettingsError(
            f"{path} holds no certificate that can be read",
            seen=str(error),
            hint="a certificate file is PEM text that starts with -----BEGIN CERTIFICATE-----",
        ) from error


def read_certificate(path: Path) -> x509.Certificate:
    """Read the first certificate of a PEM file.

    Raises
    ------
    NotFoundError, SettingsError
        When the file is not there; when it cannot be read or holds no certificate.
    """
    return read_certificates(path)[0]


def parse_certificate(der: bytes) -> x509.Certificate:
    """Parse a certificate in DER.

    Raises
    ------
    SettingsError
        When it is none.
    """
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise SettingsError("what was shown as a certificate cannot be read as one", seen=str(error)) from error


def read_bytes(path: Path) -> bytes:
    """Read a file, naming it in every error."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read", seen=error.strerror or str(error)) from error


def describe(path: Path | None, certificate: x509.Certificate) -> CertificateFacts:
    """Turn a certificate into plain facts."""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            names = tuple(extension.value.get_values_for_type(x509.DNSName))
            addresses = tuple(str(address) for address in extension.value.get_values_for_type(x509.IPAddress))
    return CertificateFacts(
        path=path,
        subject=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer),
        dns_names=names,
        addresses=addresses,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_ca=_is_ca(certificate),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def signed_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether ``ca`` signed ``certificate``."""
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def key_matches(certificate: x509.Certificate, key: bytes) -> bool:
    """Return whether the PEM private key in ``key`` belongs to ``certificate``.

    Raises
    ------
    ValueError, TypeError
        When ``key`` holds no private key, or an encrypted one.
    """
    private = serialization.load_pem_private_key(key, password=None)
    return _spki(private.public_key()) == _spki(certificate.public_key())


def public_line_of(private: bytes) -> str:
    """Return the OpenSSH public line of an OpenSSH private key.

    Raises
    ------
    ValueError, TypeError
        When ``private`` holds no such key, or an encrypted one.
    """
    key = serialization.load_ssh_private_key(private, password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode("ascii")
    )


def _spki(key: object) -> bytes:
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined] # the union of key types has no common base
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
