"""Replacing the CA of a cluster here, in three stages: both are trusted, the new one signs, the old one goes.

Each stage is one call, and each call may be made again after it was cut off. The first certificate of ``ca.crt`` is the
one that signs; whoever trusts the file trusts all that are in it. A key is put aside before it is written over.
"""

from __future__ import annotations

import datetime as dt
import enum
from pathlib import Path

from fleetkit.core import PreconditionError, utc_now
from fleetkit.pki._files import check_private, locked_folder, write_private

__all__ = ["CaStage", "begin_ca", "drop_old_ca", "end_ca", "promote_ca", "read_ca_stage"]

_MARK = "ca.stage"
_NEXT = "next/ca"
_RETIRED = "retired"


class CaStage(enum.StrEnum):
    """How far a replacement of the CA is."""

    SETTLED = "settled"
    """There is one CA, and no replacement is under way."""
    TRUST = "trust"
    """Both are in ``ca.crt``, and the old one signs."""
    ISSUE = "issue"
    """Both are in ``ca.crt``, and the new one signs."""
    DROP = "drop"
    """The new one alone is in ``ca.crt``; machines may still trust both."""


def read_ca_stage(folder: Path) -> CaStage:
    """Return how far a replacement of the CA is.

    Raises
    ------
    PreconditionError
        When the mark that says so is none.
    """
    file = folder / _MARK
    if not file.exists():
        return CaStage.SETTLED
    said = file.read_text(encoding="ascii", errors="replace").strip()
    try:
        return CaStage(said)
    except ValueError as error:
        raise PreconditionError(
            f"{file} does not say how far the rotation of the CA is",
            seen=repr(said[:40]),
            hint="put the folder back from a backup or a handover",
        ) from error


def begin_ca(folder: Path, *, cluster: str, now: dt.datetime | None = None) -> None:
    """Make the next CA, and put it into ``ca.crt`` behind the one that signs.

    Raises
    ------
    BusyError
        When another process is making certificates in the same folder.
    PreconditionError
        When others can reach the keys.
    """
    from fleetkit.pki import _issue

    certificate, key = _file(folder, _NEXT, "crt"), _file(folder, _NEXT, "key")
    with locked_folder(folder):
        if not key.exists():
            write_private(key, _issue.make_private_key())
        check_private(key)
        if not certificate.exists():
            moment = utc_now() if now is None else now
            write_private(certificate, _issue.make_ca(cluster=cluster, key=key.read_bytes(), now=moment))
        _write_trusted(folder, _read_old(folder), certificate.read_bytes())
        _mark(folder, CaStage.TRUST)


def promote_ca(folder: Path) -> None:
    """Have the next CA sign from now on; both stay trusted, and the old one's key is put aside.

    Raises
    ------
    BusyError
        When another process is making certificates in the same folder.
    """
    with locked_folder(folder):
        old = _read_old(folder)
        kept = folder / _RETIRED / f"ca-{_serial(old)}"
        if not kept.with_suffix(".crt").exists():
            # The certificate comes last: where it lies, the key beside it is its own.
            write_private(kept.with_suffix(".key"), (folder / "ca.key").read_bytes())
            write_private(kept.with_suffix(".crt"), old)
        write_private(folder / "ca.key", _file(folder, _NEXT, "key").read_bytes())
        _write_trusted(folder, _file(folder, _NEXT, "crt").read_bytes(), old)
        _mark(folder, CaStage.ISSUE)


def drop_old_ca(folder: Path) -> None:
    """Trust the new CA alone, here and in what machines will fetch.

    Raises
    ------
    BusyError
        When another process is making certificates in the same folder.
    """
    with locked_folder(folder):
        _write_trusted(folder, _file(folder, _NEXT, "crt").read_bytes())
        _mark(folder, CaStage.DROP)


def end_ca(folder: Path) -> None:
    """Forget that the CA was replaced; the old one stays put aside in ``retired``.

    Raises
    ------
    BusyError
        When another process is making certificates in the same folder.
    """
    with locked_folder(folder):
        for ending in ("crt", "key"):
            _file(folder, _NEXT, ending).unlink(missing_ok=True)
        # The mark goes last: a next CA that lay here without it would be taken up by the next replacement.
        (folder / _MARK).unlink(missing_ok=True)


def _read_old(folder: Path) -> bytes:
    """Return the CA that is replaced: the one in ``ca.crt`` that is not the next one."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    found = x509.load_pem_x509_certificates((folder / "ca.crt").read_bytes())
    upcoming = x509.load_pem_x509_certificate(_file(folder, _NEXT, "crt").read_bytes())
    return next(one for one in found if one != upcoming).public_bytes(Encoding.PEM)


def _serial(certificate: bytes) -> str:
    from cryptography import x509

    return f"{x509.load_pem_x509_certificate(certificate).serial_number:x}"


def _write_trusted(folder: Path, *certificates: bytes) -> None:
    write_private(folder / "ca.crt", b"".join(certificates))


def _mark(folder: Path, stage: CaStage) -> None:
    write_private(folder / _MARK, f"{stage}\n".encode("ascii"))


def _file(folder: Path, stem: str, ending: str) -> Path:
    return folder / f"{stem}.{ending}"
