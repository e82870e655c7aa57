"""A reboot that was asked for is remembered, so that the machine can follow; what is stopped stays stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["REBOOTS", "count_reboots"]

_COUNT = "_sandbox_reboots"


def count_reboots(instance: Any) -> int:
    """Return how often one of moto's instances was asked to reboot while it ran."""
    return int(getattr(instance, _COUNT, 0))


def _wrap(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def reboot(self: Any) -> None:
        if self._state.name != "running":
            return
        original(self)
        setattr(self, _COUNT, count_reboots(self) + 1)

    return reboot


REBOOTS = Patch(
    name="reboots",
    promise="a running instance that is asked to reboot does so, and one that is stopped does not start",
    replacements=(Replacement(target="moto.ec2.models.instances:Instance.reboot", digest="a158fe9cdcb7", wrap=_wrap),),
)
