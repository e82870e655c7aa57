"""The public keys that a connection would offer, told without connecting."""

from __future__ import annotations

from fleetkit.ssh.targets import SshAccess, SshTarget

__all__ = ["list_login_keys"]


def list_login_keys(target: SshTarget, access: SshAccess) -> tuple[str, ...]:
    """Return the public halves of the keys that `target` would be offered, in the order of offering.

    Returns
    -------
    tuple of str
        ``<algorithm> <base64>`` each, as in ``authorized_keys``; a key that wants a passphrase and is not in the
        agent is left out.

    Raises
    ------
    SettingsError
        When a key file that was asked for is missing, or ssh_config cannot be read.
    """
    from fleetkit.ssh._config import resolve_route
    from fleetkit.ssh._keys import open_login_keys

    with open_login_keys(resolve_route(target, access)) as keys:
        return tuple(f"{held.key.get_name()} {held.key.get_base64()}" for held in keys.keys)
