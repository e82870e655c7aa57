"""A Route 53 zone that is created with a VPC is private, whether or not the request says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["PRIVATE_ZONES"]

_FLAG = "HostedZoneConfig.PrivateZone"


def _wrap(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create_hosted_zone(self: Any) -> Any:
        if self._get_param("VPC.VPCId"):
            read = self._get_bool_param
            # A response object serves one request, so its own reader can be told what AWS concludes.
            self._get_bool_param = lambda name, default=None: True if name == _FLAG else read(name, default)
        return original(self)

    return create_hosted_zone


PRIVATE_ZONES = Patch(
    name="private-zones",
    promise="a hosted zone given a VPC is private",
    replacements=(
        Replacement(
            target="moto.route53.responses:Route53.create_hosted_zone",
            digest="ede5e2fceab7",
            wrap=_wrap,
        ),
    ),
)
