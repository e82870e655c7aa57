"""Whether a machine's subnet has a way out: to the internet, or to S3 alone."""

from __future__ import annotations

from fleetkit.sandbox.world.observation import Instance, Subnet

__all__ = ["reaches_internet", "reaches_s3"]


def reaches_internet(instance: Instance, subnet: Subnet) -> bool:
    """Say whether packets of the instance get out and answers back: through a NAT, or with a public address."""
    for route in subnet.routes:
        if route.destination != "0.0.0.0/0":
            continue
        if route.via == "nat" or (route.via == "internet" and instance.public_address is not None):
            return True
    return False


def reaches_s3(instance: Instance, subnet: Subnet) -> bool:
    """Say whether the instance reaches S3: over the internet, or through a gateway endpoint of its route table."""
    return reaches_internet(instance, subnet) or any(route.via == "s3" for route in subnet.routes)
