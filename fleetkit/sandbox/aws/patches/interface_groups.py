"""Security groups given on the primary network interface are the instance's groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["INTERFACE_GROUPS"]


def _wrap(original: Callable[..., None]) -> Callable[..., None]:
    def prep_nics(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if 0 in self.nics and not self.security_groups:
            self.security_groups = list(self.nics[0]._group_set)

    return prep_nics


INTERFACE_GROUPS = Patch(
    name="interface-groups",
    promise="an instance shows the groups that its primary interface was given",
    replacements=(
        Replacement(target="moto.ec2.models.instances:Instance.prep_nics", digest="c2288c1e5e70", wrap=_wrap),
    ),
)
