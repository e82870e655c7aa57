"""Re-issuing leaf certificates for the keys that they have, with the one that machines had kept until that is proven.

The key stays, so that a machine changes over by one rename: between a certificate and a key that do not belong
together a member would refuse whoever calls.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from fleetkit.core import NotFoundError, utc_now
from fleetkit.pki._files import check_private, locked_folder, write_private
from fleetkit.pki.names import list_certificates

__all__ = ["forget_replaced", "list_replaced", "renew_leaf"]

_REPLACED = "replaced"


def renew_leaf(
    folder: Path, name: str, *, members: Mapping[str, str], dns_zone: str, now: dt.datetime | None = None
) -> None:
    """Have the cluster's CA sign a leaf anew, for the key that it has and the names that the cluster file gives it.

    The one before is kept below ``replaced/`` until `forget_replaced`; one that is kept there already stays, for
    that is what machines may still have.

    Parameters
    ----------
    folder
        The cluster's pki folder.
    name
        The leaf, as `CertificateFiles.name` has it.
    members, dns_zone
        As `ensure_pki` takes them.
    now
        The moment at which validity starts; the present where not given.

    Raises
    ------
    NotFoundError
        When the cluster has no such leaf; lists those that it has.
    BusyError
        When another process is making certificates in the same folder.
    PreconditionError
        When others can reach the keys.
    """
    from fleetkit.pki import _issue

    orders = {order.stem: order for order in list_certificates(members=members, dns_zone=dns_zone)}
    if name not in orders:
        raise NotFoundError(f"the cluster has no certificate {name}", known=orders)
    certificate, key, kept = folder / f"{name}.crt", folder / f"{name}.key", _kept(folder, name)
    check_private(key)
    with locked_folder(folder):
        made = _issue.make_certificate(
            orders[name],
            key=key.read_bytes(),
            ca=(folder / "ca.crt").read_bytes(),
            ca_key=(folder / "ca.key").read_bytes(),
            now=utc_now() if now is None else now,
        )
        if not kept.exists():
            write_private(kept, certificate.read_bytes())
        write_private(certificate, made)


def list_replaced(folder: Path) -> tuple[str, ...]:
    """Return the names of the leaves that were re-issued, and of which machines may still have the one before."""
    kept = folder / _REPLACED
    return tuple(sorted(str(file.relative_to(kept).with_suffix("")) for file in kept.rglob("*.crt")))


def forget_replaced(folder: Path, name: str) -> None:
    """Remove the certificate that was kept; no harm where none was."""
    _kept(folder, name).unlink(missing_ok=True)


def _kept(folder: Path, name: str) -> Path:
    return folder / _REPLACED / f"{name}.crt"
