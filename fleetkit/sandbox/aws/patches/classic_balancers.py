"""A classic load balancer has a canonical hosted zone, and keeps its draining time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import ABSENT, Patch, Replacement

__all__ = ["CLASSIC_BALANCERS"]

_ZONE_ID = "Z1H1FL5HABSF5"
"""Hosted zone of classic load balancers in us-west-2, as AWS publishes it; any fixed value serves."""


def _add_zone(_original: None) -> property:
    return property(lambda _self: _ZONE_ID)


def _wrap_attributes(original: Callable[..., None]) -> Callable[..., None]:
    def modify_load_balancer_attributes(self: Any, load_balancer_name: str, **given: Any) -> None:
        draining = given.get("connection_draining")
        if draining and draining.get("timeout", draining.get("Timeout")) is None:
            held = self.get_load_balancer(load_balancer_name).attributes.get("connection_draining") or {}
            for key in ("timeout", "Timeout"):
                if held.get(key) is not None:
                    given["connection_draining"] = {**draining, key: held[key]}
        original(self, load_balancer_name, **given)

    return modify_load_balancer_attributes


CLASSIC_BALANCERS = Patch(
    name="classic-balancers",
    promise="a classic load balancer has a zone id, and a draining change without a time keeps the old one",
    replacements=(
        Replacement(target="moto.elb.models:LoadBalancer.canonical_hosted_zone_name_id", digest=ABSENT, wrap=_add_zone),
        Replacement(
            target="moto.elb.models:ELBBackend.modify_load_balancer_attributes",
            digest="8071d3c03a62",
            wrap=_wrap_attributes,
        ),
    ),
)
