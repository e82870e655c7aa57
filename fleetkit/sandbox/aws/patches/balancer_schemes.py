"""A load balancer that was made without a scheme faces the internet, and its name says where it faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["BALANCER_SCHEMES"]


def _wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_load_balancer(self: Any, *args: Any, scheme: str | None = None, **given: Any) -> Any:
        # A gateway load balancer has none.
        if scheme is None and given.get("loadbalancer_type") != "gateway":
            scheme = "internet-facing"
        made = original(self, *args, scheme=scheme, **given)
        # Others have no such prefix: those of networks are named alike, wherever they face.
        if scheme == "internal" and made.type == "application":
            made.dns_name = f"internal-{made.dns_name}"
        return made

    return create_load_balancer


BALANCER_SCHEMES = Patch(
    name="balancer-schemes",
    promise="a load balancer that was made without a scheme is internet-facing, and names begin as at AWS",
    replacements=(
        Replacement(
            target="moto.elbv2.models:ELBv2Backend.create_load_balancer",
            digest="dd53c4e98de0",
            wrap=_wrap,
        ),
    ),
)
