"""The tags of a thing are looked up by its id, where moto searches those of all things for them, once for each thing.

A list of a thousand instances takes moto seconds so, and AWS none: what an account holds besides would look slow here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["TAG_LOOKUPS"]


def _wrap(_original: Any) -> Callable[..., list[dict[str, str]]]:
    def get_tags(self: Any) -> list[dict[str, str]]:
        from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

        tags = self.ec2_backend.tags.get(self.id) if self.id else None
        if not tags:
            return []
        kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "")
        # A copy, since another request may set one in the meantime.
        return [
            {"resource_id": self.id, "key": key, "value": value, "resource_type": kind}
            for key, value in tags.copy().items()
        ]

    return get_tags


TAG_LOOKUPS = Patch(
    name="tag-lookups",
    promise="what a list of tagged things takes grows with its length and not with its square",
    replacements=(
        Replacement(target="moto.ec2.models.core:TaggedEC2Resource.get_tags", digest="73ba6daeb7cb", wrap=_wrap),
    ),
)
