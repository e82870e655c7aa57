"""Load balancers that forward: each of their addresses listens, and passes connections on to healthy targets."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleetkit.sandbox.authority import Authority
from fleetkit.sandbox.hall import HallError
from fleetkit.sandbox.halls import AnyHall
from fleetkit.sandbox.services.relay import Relay, RelayThread
from fleetkit.sandbox.services.targets import CheckedTarget, Connect, TargetHealth
from fleetkit.sandbox.world import Balancer, Listener, Observation

__all__ = ["Balancers", "balancer_machine_id", "fixed_answer"]

_CONNECT_S = 10.0
_ENCRYPTED = ("HTTPS", "TLS")
_REASONS = {301: "Moved Permanently", 302: "Found", 503: "Service Unavailable"}


def balancer_machine_id(balancer: Balancer, index: int) -> str:
    """Return the id of the machine that is a balancer's address in its ``index``-th subnet."""
    return f"lb-{balancer.arn.rsplit('/', 1)[-1]}-{index}"


@dataclass(frozen=True, slots=True)
class _Place:
    machine_id: str
    address: str
    listener: Listener


class Balancers:
    """All load balancers of a sandbox."""

    def __init__(self, hall: AnyHall, relay: RelayThread, authority: Authority) -> None:
        self._hall = hall
        self._relay = relay
        self._authority = authority
        self._served: dict[_Place, Relay] = {}
        self._seen = Observation(region="")
        self._turn = itertools.count()
        self._lock = threading.Lock()
        self.health = TargetHealth()

    def apply(self, seen: Observation) -> list[str]:
        """Serve the listeners and check the targets of an observation; return what could not be done.

        The machines of the balancers' addresses must be in the hall.
        """
        self._seen = seen
        self.health.watch(dict(self._targets(seen)))
        wanted = {place: balancer for balancer in seen.balancers for place in _places(balancer)}
        for place in [place for place in self._served if place not in wanted]:
            self._served.pop(place).close()
        problems = []
        for place, balancer in wanted.items():
            if place in self._served:
                continue
            try:
                self._served[place] = self._serve(place, balancer)
            except HallError as error:
                problems.append(f"load balancer {balancer.name}: {error}")
        return problems

    def stop(self) -> None:
        """End the checks; the relays end with their thread."""
        self.health.stop()

    def _serve(self, place: _Place, balancer: Balancer) -> Relay:
        listening = self._hall.listen(place.machine_id, place.address, place.listener.port)
        tls = None
        if place.listener.protocol in _ENCRYPTED:
            label = f"{balancer.name}-{place.listener.port}"
            tls = self._authority.server_context(label, [balancer.dns_name.lower()])
        return self._relay.serve(listening, lambda: self._dial(place), tls=tls, refusal=fixed_answer(place.listener))

    def _dial(self, place: _Place) -> socket.socket:
        """Connect to the next target; all are tried in turn where none is healthy, as AWS fails open."""
        targets = self._choose(place.listener)
        if not targets:
            raise ConnectionRefusedError("no targets")
        with self._lock:
            start = next(self._turn)
        address, port = targets[start % len(targets)]
        return self._hall.connect(place.machine_id, address, port, _CONNECT_S)

    def _choose(self, listener: Listener) -> list[tuple[str, int]]:
        if listener.action != "forward":
            return []
        addresses = _addresses_of(self._seen)
        found = [
            (arn, target, addresses.get(target, target), port)
            for arn in listener.target_groups
            if arn in self._seen.target_groups
            for target, port in self._seen.target_groups[arn].targets
            if target in addresses or not target.startswith("i-")
        ]
        states = {(arn, target): self.health.state_of(arn, target) for arn, target, _, _ in found}
        healthy = [one for one in found if (state := states[one[0], one[1]]) is not None and state.state == "healthy"]
        return [(address, port) for _, _, address, port in healthy or found]

    def _targets(self, seen: Observation) -> Iterator[tuple[CheckedTarget, Connect]]:
        addresses = _addresses_of(seen)
        for balancer in seen.balancers:
            connect = self._connector(balancer_machine_id(balancer, 0))
            for arn in dict.fromkeys(arn for listener in balancer.listeners for arn in listener.target_groups):
                group = seen.target_groups.get(arn)
                for target, port in group.targets if group is not None else ():
                    address = addresses.get(target, None if target.startswith("i-") else target)
                    if group is None or address is None:
                        continue
                    yield (
                        CheckedTarget(group=arn, target=target, address=address, port=port, check=group.check),
                        connect,
                    )

    def _connector(self, machine_id: str) -> Connect:
        return lambda address, port, timeout_s: self._hall.connect(machine_id, address, port, timeout_s)


def _addresses_of(seen: Observation) -> Mapping[str, str]:
    return {one.instance_id: one.address for one in seen.instances if one.state == "running"}


def _places(balancer: Balancer) -> Iterator[_Place]:
    for index, address in enumerate(balancer.addresses):
        for listener in balancer.listeners:
            yield _Place(balancer_machine_id(balancer, index), address, listener)


def fixed_answer(listener: Listener) -> bytes:
    """Return what an application load balancer answers by itself; nothing for one that passes bytes on."""
    if listener.protocol not in ("HTTP", "HTTPS"):
        return b""
    details = dict(listener.details)
    headers, body = "", ""
    if listener.action == "redirect":
        status = int(details.get("StatusCode", "HTTP_301").removeprefix("HTTP_"))
        scheme, port = details.get("Protocol", "HTTPS").lower(), details.get("Port", "443")
        headers = f"Location: {scheme}://{details.get('Host', '')}:{port}/\r\n"
    elif listener.action == "fixed-response":
        status, body = int(details.get("StatusCode", "503")), details.get("MessageBody", "")
    else:
        status = 503
    reason = _REASONS.get(status, "Answer")
    length = len(body.encode())
    return (
        f"HTTP/1.1 {status} {reason}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}".encode()
    )
