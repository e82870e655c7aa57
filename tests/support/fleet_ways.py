"""A way in to a cluster whose masters have fleets behind socketpairs: nobody logs in to them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from support.ssh_server import SshServer

from fleetkit.core import NotFoundError, SshError
from fleetkit.etcd import TlsFiles
from fleetkit.fleet import SocketLike
from fleetkit.ssh import KnownHosts, SshAccess, open_connection
from fleetkit.workflows import WayIn, Workspace

__all__ = ["put_way"]

Fleet = Callable[[], SocketLike] | SshError
"""Opens a socket to a master's fleet, or says why the master cannot be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ManyFleets(WayIn):
    fleets: Mapping[str, Fleet]
    machines: Mapping[str, SshServer]

    @contextlib.contextmanager
    def connect(self, address: str, *, role: str = "") -> Iterator[Any]:  # noqa: ARG002 -- the base class has it
        if address in self.machines:
            server = self.machines[address]
            with open_connection(server.target, access=server.access) as connection:
                yield connection
            return
        fleet = self.fleets[address]
        if isinstance(fleet, SshError):
            raise fleet
        yield fleet

    def open_fleet_socket(self, connection: Any) -> Any:
        return connection


def put_way(
    monkeypatch: pytest.MonkeyPatch,
    workspace: Workspace,
    fleets: Sequence[Fleet],
    *,
    machines: Mapping[str, SshServer] | None = None,
) -> None:
    """Put a way in in place of the real one, with one fleet for each master in the order of the cluster file.

    Parameters
    ----------
    machines
        Address of each other machine that can be logged in to, to its server.
    """
    masters = [master.address for master in workspace.cluster.masters.values()]
    way = _ManyFleets(
        cluster=workspace.cluster,
        endpoints=(),
        tls=TlsFiles(),
        tunnel=None,
        fleets=dict(zip(masters, fleets, strict=True)),
        machines=machines or {},
        _pki=None,  # type: ignore[arg-type] # nobody logs in anywhere
        _access=SshAccess(known_hosts=KnownHosts()),
        _key_file=None,
    )
    monkeypatch.setattr("fleetkit.workflows.reading_units.open_way_in", lambda _: contextlib.nullcontext(way))
    # These fleets have no etcd in which their machines would keep keys alive.
    monkeypatch.setattr("fleetkit.workflows._heartbeats.get_key", _has_no_key)


def _has_no_key(*_asked: object, **_how: object) -> NoReturn:
    raise NotFoundError("no machine keeps a key alive")
