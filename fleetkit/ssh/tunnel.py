"""A tunnel through the bastion that notices within seconds when it is gone, and comes back on the same ports."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleetkit.core import NotFoundError, Results, SettingsError, SshError, call_each
from fleetkit.ssh.connection import Connection
from fleetkit.ssh.targets import Forward, SshAccess, SshTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetkit.ssh._config import Route
    from fleetkit.ssh._forwarder import Forwarder
    from fleetkit.ssh._streamlocal import StreamLocalTransport
    from fleetkit.ssh._watch import Watch

__all__ = ["Tunnel", "TunnelEvent", "TunnelState"]

_END_S = 5.0
"""Seconds that the threads of a closing tunnel get; they end by themselves once their sockets are closed."""


class TunnelState(enum.StrEnum):
    """Where a tunnel stands."""

    CLOSED = "closed"
    OPEN = "open"
    LOST = "lost"
    """The bastion does not answer; the tunnel is being opened again, on the same local ports."""
    FAILED = "failed"
    """The bastion answers and is not trusted, or refuses us: the tunnel is not opened again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelEvent:
    """A change of a tunnel's state.

    Attributes
    ----------
    state
        The state that it changed to.
    reason
        Why, for a person.
    """

    state: TunnelState
    reason: str


class Tunnel:
    """Several ports behind a bastion, brought to 127.0.0.1 for the time of a ``with`` block.

    Parameters
    ----------
    target
        The bastion.
    forwards
        What to bring; at least one, each with its own name.
    access
        Known host keys, ssh_config and limits.
    on_event
        Told of each change of state, in a thread of the tunnel.

    Examples
    --------
    >>> with Tunnel(bastion, [Forward(name="etcd1", host="10.10.3.100", port=2379)], access=access) as tunnel:
    ...     address, port = tunnel.local_address("etcd1")
    """

    def __init__(
        self,
        target: SshTarget,
        forwards: Sequence[Forward],
        *,
        access: SshAccess,
        on_event: Callable[[TunnelEvent], None] | None = None,
    ) -> None:
        self._forwards = {forward.name: forward for forward in forwards}
        if not forwards or len(self._forwards) < len(forwards):
            raise SettingsError(
                "a tunnel needs at least one forward, each with its own name",
                seen=", ".join(forward.name for forward in forwards) or "none",
            )
        self._target = target
        self._access = access
        self._on_event = on_event
        self._lock = threading.Lock()
        self._state = TunnelState.CLOSED
        self._reason = "it was not opened"
        self._forwarder: Forwarder | None = None
        self._transport: StreamLocalTransport | None = None
        self._watch: Watch | None = None
        self._ports: dict[str, int] = {}
        self._route: Route | None = None

    def __enter__(self) -> Tunnel:
        self.open()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Tunnel({self._target.host}, {', '.join(self._forwards)}, {self._state.value})"

    def open(self) -> None:
        """Connect, listen on the local ports, and watch over both.

        Raises
        ------
        SshError
            When the bastion cannot be reached, shows another key or refuses ours, or a local port is taken.
        SettingsError
            When ssh_config or a key file cannot be used.
        """
        from fleetkit.ssh._config import resolve_route
        from fleetkit.ssh._forwarder import Forwarder
        from fleetkit.ssh._transport import open_transport
        from fleetkit.ssh._watch import Watch

        route = resolve_route(self._target, self._access)
        transport = open_transport(route, limits=self._access.limits)
        forwarder = Forwarder(tuple(self._forwards.values()), transport)
        try:
            forwarder.start()
            self._ports = self._read_ports(forwarder)
        except BaseException:
            forwarder.finish(patience_s=_END_S)
            transport.close()
            raise
        self._route, self._transport, self._forwarder = route, transport, forwarder
        self._change(TunnelState.OPEN, "opened")
        self._watch = Watch(route, transport, self._access.limits, lost=self._note_loss, reopened=self._exchange)
        self._watch.start()

    def close(self) -> None:
        """End the tunnel, its clients and its threads; no harm when it is closed."""
        if self._state is TunnelState.CLOSED:
            return
        if self._watch is not None:
            self._watch.stop(patience_s=_END_S)
        if self._forwarder is not None:
            self._forwarder.finish(patience_s=_END_S)
        if self._transport is not None:
            self._transport.close()
            self._transport.join(_END_S)
        self._change(TunnelState.CLOSED, "closed")

    @property
    def state(self) -> TunnelState:
        """Where the tunnel stands."""
        return self._state

    @property
    def local_ports(self) -> Mapping[str, int]:
        """Name of each forward to its port on 127.0.0.1."""
        return MappingProxyType(self._ports)

    def local_address(self, name: str) -> tuple[str, int]:
        """Return where a forward listens on this computer.

        Raises
        ------
        NotFoundError
            When there is no such forward.
        SshError
            When the tunnel is not open.
        """
        self._find(name)
        if name not in self._ports:
            raise SshError("the tunnel is not open", hint="use it inside its with block")
        return "127.0.0.1", self._ports[name]

    @property
    def bastion(self) -> Connection:
        """The connection to the bastion, lent for commands and for reaching further machines.

        Raises
        ------
        SshError
            When the tunnel is not open at this moment.
        """
        self.check()
        assert self._transport is not None  # noqa: S101 -- an open tunnel has one, which mypy cannot know
        return Connection(self._transport, name=self._target.host, limits_s=self._access.limits.connect_s, lent=True)

    def check(self) -> None:
        """Raise unless the tunnel is open.

        Raises
        ------
        SshError
            When it is lost, failed or closed; says why.
        """
        if self._state is not TunnelState.OPEN:
            raise SshError(
                f"the tunnel through {self._target.host} is {self._state.value}",
                seen=self._reason,
                transient=self._state is TunnelState.LOST,
            )

    def explain(self, name: str) -> str | None:
        """Say what the tunnel knows of a failure behind a forward; None where it knows nothing."""
        if self._state is not TunnelState.OPEN:
            return f"the tunnel is {self._state.value}: {self._reason}"
        return None if self._forwarder is None else self._forwarder.refusal(self._find(name))

    def check_forwards(self) -> Results[str, None]:
        """Let the bastion connect to every forward's destination, all at once.

        Opening the tunnel does not do this, since a destination may well be down at that moment.

        Returns
        -------
        Results
            Forward's name to None, or to the `SshError` that says why the bastion does not reach it.

        Raises
        ------
        SshError
            When the tunnel is not open.
        """
        from fleetkit.ssh._watch import reach

        bastion = self.bastion
        limit_s = self._access.limits.connect_s
        return call_each(
            list(self._forwards), lambda name: reach(bastion.transport, self._find(name), limit_s), catch=SshError
        )

    def _find(self, name: str) -> Forward:
        if name not in self._forwards:
            raise NotFoundError(f"the tunnel has no forward {name!r}", known=self._forwards)
        return self._forwards[name]

    def _read_ports(self, forwarder: Forwarder) -> dict[str, int]:
        opened = [server.local_port for server in forwarder._server_list]
        wanted = self._forwards.values()
        # sshtunnel leaves out a listener that it could not make, and says so only to its log.
        if len(opened) < len(wanted):
            taken = [forward for forward in wanted if forward.local_port not in (0, *opened)]
            raise SshError(
                f"a local port is taken: {', '.join(f'{item.local_port} for {item.name}' for item in taken)}",
                hint="stop what listens there (ss -ltnp shows it), or leave the port out to get a free one",
            )
        return dict(zip(self._forwards, opened, strict=True))

    def _note_loss(self, reason: str, *, final: bool) -> None:
        self._change(TunnelState.FAILED if final else TunnelState.LOST, reason)

    def _exchange(self, transport: StreamLocalTransport) -> None:
        assert self._forwarder is not None  # noqa: S101 -- only an opened tunnel is watched
        self._transport = transport
        self._forwarder.exchange(transport)
        self._change(TunnelState.OPEN, "opened again on the same local ports")

    def _change(self, state: TunnelState, reason: str) -> None:
        with self._lock:
            self._state, self._reason = state, reason
        if self._on_event is not None:
            self._on_event(TunnelEvent(state=state, reason=reason))
