"""The public keys that a connection would offer, without connecting."""

from __future__ import annotations

from dataclasses import replace

from fleetkit.ssh._config import resolve_route
from fleetkit.ssh._keys import list_public_blobs, open_login_keys
from fleetkit.ssh.known_hosts import HostKey
from fleetkit.ssh.targets import SshAccess, SshTarget

__all__ = ["list_login_keys"]
