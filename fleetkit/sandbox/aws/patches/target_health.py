"""The health of a load balancer's target is what the sandbox measured, not what moto assumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["TARGET_HEALTH", "TargetState", "measure_targets_with"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """Health of one target as DescribeTargetHealth shows it.

    Attributes
    ----------
    state
        ``initial``, ``healthy`` or ``unhealthy``.
    reason, description
        AWS's code and sentence; both None where the target is healthy.
    """

    state: str
    reason: str | None = None
    description: str | None = None


_Measure = Callable[[str, str], TargetState | None]


class _Source:
    """Who is asked for a target's health; one per process, as moto's backends are."""

    measure: _Measure | None = None


def measure_targets_with(measure: _Measure | None) -> None:
    """Take the health of targets from ``measure(target_group_arn, target_id)``; None gives moto's answers again."""
    _Source.measure = measure


def _wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        from moto.elbv2.models import FakeHealthStatus

        assumed = original(self, target, ec2_backend)
        if _Source.measure is None or assumed.status != "healthy":
            return assumed
        seen = _Source.measure(self.arn, target["Id"])
        if seen is None:
            seen = TargetState(
                state="initial",
                reason="Elb.RegistrationInProgress",
                description="Target registration is in progress",
            )
        return FakeHealthStatus(
            target["Id"], assumed.port, self.health_check_port, seen.state, seen.reason, seen.description
        )

    return health_for


TARGET_HEALTH = Patch(
    name="target-health",
    promise="a target is healthy when its configured check passes, and unhealthy where nothing answers",
    replacements=(
        Replacement(target="moto.elbv2.models:FakeTargetGroup.health_for", digest="c402d5860653", wrap=_wrap),
    ),
)
