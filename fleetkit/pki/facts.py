"""What a certificate states, read from its file: for tables, for health, for findings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CertificateFacts", "is_signed_by", "parse_certificate_facts", "read_certificate_facts"]

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a certificate states.

    Attributes
    ----------
    path
        File that it was read from; None for one that somebody showed.
    subject, issuer
        Common names.
    dns_names, addresses
        Subject alternative names.
    not_before, not_after
        First and last moment of its validity, aware, in UTC.
    is_ca
        Whether it may sign others.
    serial
        Serial number in lower-case hex.
    fingerprint
        SHA-256 of the whole certificate in lower-case hex.
    """

    path: Path | None
    subject: str
    issuer: str
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    is_ca: bool
    serial: str
    fingerprint: str

    def days_left(self, now: dt.datetime) -> int:
        """Return the whole days until it expires; negative once it has."""
        return (self.not_after - now) // _DAY

    def is_expired(self, now: dt.datetime) -> bool:
        """Return whether ``now`` lies past its validity."""
        return now > self.not_after


def read_certificate_facts(path: Path) -> CertificateFacts:
    """Read what the certificate in ``path`` states; of a chain, the first.

    Raises
    ------
    NotFoundError
        When the file is not there.
    SettingsError
        When it cannot be read, or holds no certificate.
    """
    from fleetkit.pki import _inspect

    return _inspect.describe(path, _inspect.read_certificate(path))


def parse_certificate_facts(der: bytes) -> CertificateFacts:
    """Read what a certificate states that somebody showed, in DER as TLS has it.

    Raises
    ------
    SettingsError
        When it is none.
    """
    from fleetkit.pki import _inspect

    return _inspect.describe(None, _inspect.parse_certificate(der))


def is_signed_by(certificate: Path, ca: Path, *, first_only: bool = False) -> bool:
    """Return whether the certificate in ``certificate`` was signed by one of those in ``ca``.

    Only the signature is looked at, not the dates.

    Parameters
    ----------
    first_only
        Whether only the first of those in ``ca`` is meant, which is the one that signs.

    Raises
    ------
    NotFoundError
        When a file is not there.
    SettingsError
        When a file cannot be read, or holds no certificate.
    """
    from fleetkit.pki import _inspect

    leaf = _inspect.read_certificate(certificate)
    known = _inspect.read_certificates(ca)
    return any(_inspect.signed_by(leaf, candidate) for candidate in (known[:1] if first_only else known))
