"""An instance that its auto scaling group ends is a target of that group's target groups no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["ENDED_TARGETS"]


def _wrap_terminate(original: Callable[..., Any]) -> Callable[..., Any]:
    def terminate_instance(self: Any, instance_id: str, should_decrement: bool) -> Any:
        answer = original(self, instance_id, should_decrement)
        # moto lets the instance go from its group first, and then finds no target groups for it.
        self.elbv2_backend.notify_terminate_instances([instance_id])
        return answer

    return terminate_instance


ENDED_TARGETS = Patch(
    name="ended-targets",
    promise="an instance that its group ends is no target any more, and the one that follows it is",
    replacements=(
        Replacement(
            target="moto.autoscaling.models:AutoScalingBackend.terminate_instance",
            digest="767d30f31757",
            wrap=_wrap_terminate,
        ),
    ),
)
