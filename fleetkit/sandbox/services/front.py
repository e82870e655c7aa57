"""AWS's own endpoints as machines see them: TLS under Amazon's names, in front of the emulated AWS.

S3 and the other services have an address each, because a gateway endpoint leads to S3 alone.
Requests pass unchanged, so each is judged by its signature and its policies.
"""

from __future__ import annotations

import socket

from fleetkit.sandbox.authority import Authority
from fleetkit.sandbox.hall import Hall, MachineSpec
from fleetkit.sandbox.services.relay import RelayThread
from fleetkit.sandbox.world import API_ADDRESS, S3_ADDRESS

__all__ = ["open_front"]

_HTTPS = 443


def open_front(hall: Hall, relay: RelayThread, authority: Authority, *, region: str, moto_port: int) -> None:
    """Let S3 and the other services answer machines."""

    def dial() -> socket.socket:
        return socket.create_connection(("127.0.0.1", moto_port), timeout=10)

    domain = f"{region}.amazonaws.com"
    s3 = [f"s3.{domain}", f"*.s3.{domain}", f"s3.dualstack.{domain}", f"*.s3.dualstack.{domain}", "s3.amazonaws.com"]
    api = [f"*.{domain}", "iam.amazonaws.com", "sts.amazonaws.com", "route53.amazonaws.com"]
    for machine_id, address, names in (("aws-s3", S3_ADDRESS, s3), ("aws-api", API_ADDRESS, api)):
        hall.add_machine(MachineSpec(machine_id=machine_id, hostname=machine_id, address=address, kind="plain"))
        listener = hall.listen(machine_id, address, _HTTPS)
        relay.serve(listener, dial, tls=authority.server_context(machine_id, names))
