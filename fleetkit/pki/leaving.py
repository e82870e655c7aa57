"""Forgetting what a member that left had: should one of its name ever join, it is another machine with other keys."""

from __future__ import annotations

from pathlib import Path

from fleetkit.pki._files import locked_folder
from fleetkit.pki.renewal import forget_replaced

__all__ = ["forget_member"]


def forget_member(folder: Path, name: str) -> tuple[str, ...]:
    """Remove the certificates and host keys of a member whose machine is gone; no harm where there are none.

    Parameters
    ----------
    folder
        The cluster's pki folder.
    name
        The member, which neither etcd nor AWS has any more.

    Returns
    -------
    tuple of str
        Names of the certificates and host keys that were removed, as `ensure_pki` names them.

    Raises
    ------
    BusyError
        When another process is making certificates in the same folder.
    """
    leaves, host = (f"members/{name}/server", f"members/{name}/peer"), f"hosts/members/{name}"
    if not folder.is_dir():
        return ()
    removed = []
    with locked_folder(folder):
        # The key goes last: one without a certificate is taken for new by who makes the next, never the reverse.
        for stem, public, private in (
            *((leaf, f"{leaf}.crt", f"{leaf}.key") for leaf in leaves),
            (host, f"{host}_ed25519_key.pub", f"{host}_ed25519_key"),
        ):
            files = [folder / public, folder / private]
            if any(file.exists() for file in files):
                removed.append(stem)
            for file in files:
                file.unlink(missing_ok=True)
        for leaf in leaves:
            forget_replaced(folder, leaf)
    return tuple(removed)
