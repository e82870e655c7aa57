"""A rule between security groups tells the account that its group is in, and its description.

HashiCorp's provider sends an empty account id with every such rule. moto keeps it as it came, so that the rule is
another one than the same rule with the account's id, which everybody else is told and sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["GROUP_RULES"]

_Pairs = list[dict[str, Any]]


def _wrap_pairs(original: Callable[..., _Pairs]) -> Callable[..., _Pairs]:
    def add_source_group(self: Any, source_groups: _Pairs | None, vpc_id: str | None) -> _Pairs:
        told = [{key: value for key, value in pair.items() if key != "UserId" or value} for pair in source_groups or ()]
        return original(self, told, vpc_id)

    return add_source_group


def _wrap_description(original: property) -> property:
    def read_description(self: Any) -> str | None:
        own: str | None = original.__get__(self)
        of_pair: str | None = self.source_group.get("Description")
        return of_pair if own is None else own

    return property(read_description)


GROUP_RULES = Patch(
    name="group-rules",
    promise="a rule between groups comes with the account's own id where none or an empty one was sent, "
    "and with its description",
    replacements=(
        Replacement(
            target="moto.ec2.models.security_groups:SecurityGroupBackend._add_source_group",
            digest="3bf08ce14c5a",
            wrap=_wrap_pairs,
        ),
        Replacement(
            target="moto.ec2.models.security_groups:SecurityGroupRule.description",
            digest="d7622595c404",
            wrap=_wrap_description,
        ),
    ),
)
