"""Public addresses come from a range that is set aside for documentation.

moto draws them from ranges that belong to somebody: a program that dialled one by mistake would reach a stranger.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement
from fleetkit.sandbox.world.addresses import FIRST_PUBLIC, LAST_PUBLIC

__all__ = ["PUBLIC_ADDRESSES"]

_FIRST, _LAST = (int(ipaddress.IPv4Address(one)) for one in (FIRST_PUBLIC, LAST_PUBLIC))


class _Pool:
    """Hands out addresses in turn, so that one that was freed comes again as late as possible."""

    given = 0

    @classmethod
    def draw(cls) -> str:
        address = _FIRST + cls.given % (_LAST - _FIRST + 1)
        cls.given += 1
        return str(ipaddress.IPv4Address(address))


def _replace(_original: Callable[[], str]) -> Callable[[], str]:
    return _Pool.draw


PUBLIC_ADDRESSES = Patch(
    name="public-addresses",
    promise="public and elastic addresses lie in 203.0.113.0/24, each given to one holder at a time",
    replacements=(
        Replacement(
            target="moto.ec2.models.elastic_network_interfaces:random_public_ip", digest="f547db08b0dc", wrap=_replace
        ),
        Replacement(target="moto.ec2.models.elastic_ip_addresses:random_ip", digest="98d1ae40c896", wrap=_replace),
    ),
)
