"""Lines of a known_hosts file for keys that this room made."""

from __future__ import annotations

from collections.abc import Sequence

from fleetkit.core import SettingsError

__all__ = ["known_hosts_line"]

_SSH_PORT = 22


def known_hosts_line(names: Sequence[str], public_key: str, *, port: int = _SSH_PORT) -> str:
    """Write one known_hosts line, as sshd(8) describes the format.

    Parameters
    ----------
    names
        Names and addresses under which the machine is reached; at least one.
    public_key
        An OpenSSH public key: algorithm and base64, a comment after them is dropped.
    port
        A port other than 22 is written in OpenSSH's bracket form.

    Raises
    ------
    SettingsError
        When there is no name, or the key is not of that form.
    """
    words = public_key.split()
    if len(words) < 2:
        raise SettingsError("this is not an OpenSSH public key", seen=repr(public_key))
    if not names or any(not name or set(name) & set(" ,\t\n") for name in names):
        raise SettingsError("a known_hosts line needs names without commas and blanks", seen=repr(list(names)))
    shown = names if port == _SSH_PORT else [f"[{name}]:{port}" for name in names]
    return f"{','.join(shown)} {words[0]} {words[1]}"
