"""Public addresses on this computer: each is a port of 127.0.0.1, dialled from where its visitor is in the network.

The operator's visits to instances come from the operator's address and everybody's to load balancers from the
internet's, so the security groups decide who gets in.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fleetkit.sandbox.halls import AnyHall
from fleetkit.sandbox.services.relay import Relay, RelayThread
from fleetkit.sandbox.world import Observation

__all__ = ["PublicPort", "PublicPorts", "render_ssh_config"]

_SSH = 22
_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    host: str
    port: int
    address: str
    visitor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPort:
    """Where a public address and port can be reached on this computer."""

    host: str
    port: int
    local_port: int


class PublicPorts:
    """The public addresses of a sandbox and the ssh_config that leads to them.

    Parameters
    ----------
    ssh_config
        File that is kept up to date.
    key_file
        Private key that the configuration names.
    """

    def __init__(self, hall: AnyHall, relay: RelayThread, *, ssh_config: Path, key_file: Path) -> None:
        self._hall = hall
        self._relay = relay
        self._ssh_config = ssh_config
        self._key_file = key_file
        self._open: dict[_Door, tuple[int, Relay]] = {}
        self._write()

    @property
    def ports(self) -> list[PublicPort]:
        """All public addresses that can be reached now."""
        return [PublicPort(host=door.host, port=door.port, local_port=local) for door, (local, _) in self._open.items()]

    def apply(self, seen: Observation) -> None:
        """Open and close ports as an observation says."""
        wanted = set(_doors(seen))
        gone = [door for door in self._open if door not in wanted]
        new = [door for door in wanted if door not in self._open]
        for door in gone:
            self._open.pop(door)[1].close()
        for door in new:
            listener = socket.create_server(("127.0.0.1", 0))
            local: int = listener.getsockname()[1]
            self._open[door] = (local, self._relay.serve(listener, self._dialer(door)))
        if gone or new:
            self._write()

    def _dialer(self, door: _Door) -> Callable[[], socket.socket]:
        return lambda: self._hall.connect(door.visitor, door.address, door.port, _CONNECT_S)

    def _write(self) -> None:
        text = render_ssh_config([one for one in self.ports if one.port == _SSH], key_file=self._key_file)
        self._ssh_config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._ssh_config.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(text, encoding="utf-8")
        part.replace(self._ssh_config)


def _doors(seen: Observation) -> Iterator[_Door]:
    for instance in seen.instances:
        if instance.state == "running" and instance.public_address is not None:
            yield _Door(host=instance.public_address, port=_SSH, address=instance.address, visitor="operator")
    for balancer in seen.balancers:
        if balancer.public and balancer.addresses:
            for listener in balancer.listeners:
                yield _Door(
                    host=balancer.dns_name,
                    port=listener.port,
                    address=balancer.addresses[0],
                    visitor="internet",
                )


def render_ssh_config(ports: list[PublicPort], *, key_file: Path) -> str:
    """Return the ssh_config that leads each public address to its port; keys are still known by the address."""
    blocks = [
        f"Host {one.host}\n  HostName 127.0.0.1\n  Port {one.local_port}\n  HostKeyAlias {one.host}\n"
        for one in sorted(ports, key=lambda one: one.host)
    ]
    # For every host: machines behind a bastion are entered with the same key.
    blocks.append(f'Host *\n  IdentityFile "{key_file}"\n  IdentitiesOnly yes\n')
    return "# Public addresses of the sandbox's instances; kept up to date while it runs.\n" + "\n".join(blocks)
