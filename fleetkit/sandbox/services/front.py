"""AWS's own endpoints as machines see them: TLS under Amazon's names, in front of the emulated AWS.

S3 and the other services have an address each, because a gateway endpoint leads to S3 alone.
Requests pass unchanged, so each is judged by its signature and its policies.
What the sandbox's environment names on 127.0.0.1 is there for a visitor inside the network too.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from fleetkit.sandbox.authority import Authority
from fleetkit.sandbox.hall import MachineSpec
from fleetkit.sandbox.halls import AnyHall
from fleetkit.sandbox.services.relay import RelayThread
from fleetkit.sandbox.world import API_ADDRESS, S3_ADDRESS

__all__ = ["open_front", "open_local_ports"]

_HTTPS = 443


def open_front(hall: AnyHall, relay: RelayThread, authority: Authority, *, region: str, moto_port: int) -> None:
    """Let S3 and the other services answer machines."""
    domain = f"{region}.amazonaws.com"
    s3 = [f"s3.{domain}", f"*.s3.{domain}", f"s3.dualstack.{domain}", f"*.s3.dualstack.{domain}", "s3.amazonaws.com"]
    api = [f"*.{domain}", "iam.amazonaws.com", "sts.amazonaws.com", "route53.amazonaws.com"]
    for machine_id, address, names in (("aws-s3", S3_ADDRESS, s3), ("aws-api", API_ADDRESS, api)):
        hall.add_machine(MachineSpec(machine_id=machine_id, hostname=machine_id, address=address, kind="plain"))
        listener = hall.listen(machine_id, address, _HTTPS)
        relay.serve(listener, _dial_local(moto_port), tls=authority.server_context(machine_id, names))


def open_local_ports(hall: AnyHall, relay: RelayThread, *, machine_id: str, ports: Iterable[int]) -> None:
    """Let programs in one place of the network reach ports of this computer's 127.0.0.1 as they are reached here."""
    for port in ports:
        relay.serve(hall.listen(machine_id, "127.0.0.1", port), _dial_local(port))


def _dial_local(port: int) -> Callable[[], socket.socket]:
    return lambda: socket.create_connection(("127.0.0.1", port), timeout=10)
