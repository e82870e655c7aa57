"""The SSH server of a machine in the loopback mode: its own keys and configuration, forwards by the table, no shell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.machine.ssh.config import read_sshd_config
from fleetkit.sandbox.machine.ssh.server import load_host_keys, read_settings
from fleetkit.sandbox.machine.ssh.session import Leader, make_server

__all__ = ["open_ssh"]

_CONFIG = "/etc/ssh/sshd_config"
_NO_SHELL = (
    "this sandbox is in loopback mode: a machine has no root of its own, so a command would run on your computer; "
    "it is refused, forwards are not\n"
)


async def open_ssh(here: Here) -> list[Any]:
    """Listen as the machine's ``sshd_config`` says, and return the listeners.

    Raises
    ------
    SshdConfigError
        When sshd would not start with it.
    OSError
        When there is no host key, or the port is taken.
    """
    import asyncssh

    config = read_sshd_config(here.path(_CONFIG), root=here.root)
    keys = load_host_keys(config, root=here.root)
    if not keys:
        raise OSError("no hostkeys available")
    settings = read_settings(config) | {
        "server_factory": make_server(config, say=here.say, root=here.root, leader=_TableLeader(here)),
        "server_host_keys": keys,
        "process_factory": _refuse,
    }
    listeners = []
    for number in config.values.get("port", ("22",)):
        place = here.place(here.address, int(number))
        listeners.append(await asyncssh.listen(*place, reuse_address=True, **settings))
        here.say(f"sshd: listening on {here.address} port {number}, which is {place[0]} port {place[1]}")
    return listeners


async def _refuse(process: Any) -> None:
    process.stderr.write(_NO_SHELL.encode())
    process.exit(1)


class _TableLeader(Leader):
    """Leads forwards to where the table says; to what is not in it, nowhere."""

    def __init__(self, here: Here) -> None:
        self._here = here
        # A socket's path must be short, and a machine's folder may lie deep: the folder is named by its descriptor.
        self._root = os.open(here.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def lead_tcp(self, connection: Any, host: str, port: int) -> Any:
        """Return the forward that asyncssh is to make, or False."""
        try:
            place = self._here.place(host, port)
        except LookupError as error:
            self._here.say(f"sshd: {error}; not forwarded")
            return False
        return connection.forward_connection(*place)

    def lead_unix(self, connection: Any, path: str) -> Any:
        """Return the forward that asyncssh is to make, or False."""
        try:
            place = self._here.path(path)
        except LookupError as error:
            self._here.say(f"sshd: {error}; not forwarded")
            return False
        inner = place.relative_to(self._here.root)
        return connection.forward_unix_connection(str(Path(f"/proc/self/fd/{self._root}", inner)))
