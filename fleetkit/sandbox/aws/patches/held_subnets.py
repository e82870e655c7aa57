"""A subnet with a network interface in it cannot be deleted; a NAT gateway's own interface comes and goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["HELD_SUBNETS"]


def _wrap_delete_subnet(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete_subnet(self: Any, subnet_id: str) -> Any:
        from moto.ec2.exceptions import DependencyViolationError

        if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return original(self, subnet_id)

    return delete_subnet


def _wrap_create_gateway(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_nat_gateway(self: Any, *args: Any, **kwargs: Any) -> Any:
        gateway = original(self, *args, **kwargs)
        gateway._eni.requester_managed = True
        return gateway

    return create_nat_gateway


def _wrap_delete_gateway(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gateway = original(self, nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    return delete_nat_gateway


HELD_SUBNETS = Patch(
    name="held-subnets",
    promise="a subnet is not deleted while an interface is in it; a NAT gateway's interface is AWS's own",
    replacements=(
        Replacement(
            target="moto.ec2.models.subnets:SubnetBackend.delete_subnet",
            digest="9c0ac999e802",
            wrap=_wrap_delete_subnet,
        ),
        Replacement(
            target="moto.ec2.models.nat_gateways:NatGatewayBackend.create_nat_gateway",
            digest="d168f8b3614b",
            wrap=_wrap_create_gateway,
        ),
        Replacement(
            target="moto.ec2.models.nat_gateways:NatGatewayBackend.delete_nat_gateway",
            digest="bae2427a0ac9",
            wrap=_wrap_delete_gateway,
        ),
    ),
)
