"""For each pair of files: make it, complete it after an interrupted call, or check it. Never replace it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509

from fleetkit.core import FleetkitError, PreconditionError
from fleetkit.pki import _inspect, _issue
from fleetkit.pki._files import check_private
from fleetkit.pki.names import CertificateOrder

__all__ = ["ensure_ca", "ensure_host_key", "ensure_leaf"]

_Write = Callable[[Path, bytes], None]


def ensure_ca(
    certificate: Path, key: Path, *, cluster: str, leaves: Sequence[Path], now: dt.datetime, write: _Write
) -> bool:
    """Make the CA where it is missing and has signed none of ``leaves`` yet; return whether it was made."""
    if not _is_missing(certificate, key):
        found = _read_pair(certificate, key)
        facts = _inspect.describe(certificate, found)
        expected = f"fleetkit {cluster} CA"
        if not facts.is_ca or not _inspect.signed_by(found, found) or facts.subject != expected:
            raise _refuse(certificate, f"expected the CA {expected!r}, which signs itself; found {facts.subject!r}")
        return False
    orphan = next((leaf for leaf in leaves if leaf.exists()), None)
    if orphan is not None:
        raise _refuse(certificate, f"it is missing, and {orphan} was signed with it")
    secret = _take_key(key, write)
    write(certificate, _issue.make_ca(cluster=cluster, key=secret, now=now))
    return True


def ensure_leaf(
    order: CertificateOrder, certificate: Path, key: Path, *, ca: Path, ca_key: Path, now: dt.datetime, write: _Write
) -> bool:
    """Make a leaf certificate where it is missing; return whether it was made."""
    if not _is_missing(certificate, key):
        _check_leaf(order, certificate, _read_pair(certificate, key), ca)
        return False
    secret = _take_key(key, write)
    signer, signer_key = ca.read_bytes(), ca_key.read_bytes()
    write(certificate, _issue.make_certificate(order, key=secret, ca=signer, ca_key=signer_key, now=now))
    return True


def ensure_host_key(private: Path, public: Path, *, write: _Write) -> bool:
    """Make an SSH host key where it is missing; return whether it was made."""
    made = not private.exists()
    if made and public.exists():
        raise _refuse(public, f"its private half {private.name} is missing")
    if made:
        write(private, _issue.make_host_key())
    check_private(private)
    try:
        line = _inspect.public_line_of(private.read_bytes())
    except (ValueError, TypeError) as error:
        raise _refuse(private, "this is not an SSH private key without a passphrase") from error
    if not public.exists():
        write(public, f"{line}\n".encode("ascii"))
    elif public.read_text(encoding="ascii", errors="replace").split()[:2] != line.split()[:2]:
        raise _refuse(public, f"it is not the public half of {private.name}")
    return made


def _is_missing(certificate: Path, key: Path) -> bool:
    if certificate.exists() and not key.exists():
        raise _refuse(certificate, f"its private key {key.name} is missing")
    return not certificate.exists()


def _take_key(key: Path, write: _Write) -> bytes:
    # The key is written first. A key without a certificate is what an interrupted call left behind:
    # nothing was ever signed for it, so it is taken as it is.
    if not key.exists():
        write(key, _issue.make_private_key())
    check_private(key)
    secret = key.read_bytes()
    try:
        _issue.check_private_key(secret)
    except (ValueError, TypeError) as error:
        raise _refuse(key, "this is not a P-256 private key in PEM") from error
    return secret


def _read_pair(certificate: Path, key: Path) -> x509.Certificate:
    check_private(key)
    try:
        found = _inspect.read_certificate(certificate)
        matches = _inspect.key_matches(found, key.read_bytes())
    except FleetkitError as error:
        raise _refuse(certificate, error.seen or error.what) from error
    except (ValueError, TypeError) as error:
        raise _refuse(key, "this is not a private key in PEM without a passphrase") from error
    if not matches:
        raise _refuse(certificate, f"it does not belong to the private key {key.name}")
    return found


def _check_leaf(order: CertificateOrder, path: Path, found: x509.Certificate, ca: Path) -> None:
    # Two are trusted while the CA is replaced.
    if not any(_inspect.signed_by(found, one) for one in _inspect.read_certificates(ca)):
        raise _refuse(path, f"it was not signed by this cluster's CA {ca.name}")
    facts = _inspect.describe(path, found)
    seen = (facts.subject, set(facts.dns_names), set(facts.addresses))
    wanted = (order.common_name, set(order.dns_names), set(order.addresses))
    if seen != wanted:
        raise _refuse(
            path,
            f"it states {_list_names(*seen)}, and the cluster file asks for {_list_names(*wanted)}",
        )


def _list_names(subject: str, names: set[str], addresses: set[str]) -> str:
    return ", ".join([subject, *sorted(names - {subject}), *sorted(addresses)])


def _refuse(path: Path, seen: str) -> PreconditionError:
    return PreconditionError(
        f"{path} is damaged, or is not of this cluster",
        seen=seen,
        hint="put the right file back from a backup or a handover; only while no machine uses it yet, "
        "move it and its key away and run this again to have both made anew",
    )
