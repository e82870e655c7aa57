"""A private address that is taken, or lies outside its subnet, is refused as AWS refuses it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["TAKEN_ADDRESSES"]


def _wrap(original: Callable[..., None]) -> Callable[..., None]:
    def request_ip(self: Any, ip: str, instance: Any) -> None:
        from moto.ec2.exceptions import EC2ClientError

        if ipaddress.ip_address(ip) not in self.cidr:
            raise EC2ClientError(
                "InvalidParameterValue", f"Address {ip} does not fall within the subnet's address range"
            )
        if ip in self._subnet_ips:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {ip} is in use.")
        original(self, ip, instance)

    return request_ip


TAKEN_ADDRESSES = Patch(
    name="taken-addresses",
    promise="a taken address answers InvalidIPAddress.InUse, not an internal error",
    replacements=(Replacement(target="moto.ec2.models.subnets:Subnet.request_ip", digest="d229fa8f2231", wrap=_wrap),),
)
