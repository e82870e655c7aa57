"""Terminating an instance frees its private address and takes its own network interfaces with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["FREED_ADDRESSES"]


def _wrap(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def terminate(self: Any) -> Any:
        previous = original(self)
        for interface in list(self.nics.values()):
            interface.public_ip = None
            for address in interface.private_ip_addresses:
                # Not handed to moto's pool of addresses to use again: the next instance of a pool would take
                # a master's address before its replacement asks for it.
                interface.subnet._subnet_ips.pop(address["PrivateIpAddress"], None)
            self.ec2_backend.enis.pop(interface.id, None)
        return previous

    return terminate


FREED_ADDRESSES = Patch(
    name="freed-addresses",
    promise="the private address of a terminated instance can be given to another one",
    replacements=(
        Replacement(target="moto.ec2.models.instances:Instance.terminate", digest="b5e4ee68c414", wrap=_wrap),
    ),
)
