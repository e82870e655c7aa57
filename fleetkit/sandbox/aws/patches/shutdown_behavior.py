"""What an instance does at its own poweroff can be set later, and setting it changes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["SHUTDOWN_BEHAVIOR"]

_LEGAL = ("stop", "terminate")


def _wrap(original: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def set_attribute(self: Any) -> bool:
        from moto.ec2.exceptions import InvalidParameterValueError

        # Without this moto takes the call for one that sets the groups, and to none.
        behavior = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if behavior is None:
            return original(self)
        if behavior not in _LEGAL:
            raise InvalidParameterValueError(behavior)
        self.error_on_dryrun()
        self.ec2_backend.modify_instance_attribute(
            self._get_param("InstanceId"), "instance_initiated_shutdown_behavior", behavior
        )
        return True

    return set_attribute


SHUTDOWN_BEHAVIOR = Patch(
    name="shutdown-behavior",
    promise="an instance's behaviour at its own shutdown is modified alone, and its security groups stay",
    replacements=(
        Replacement(
            target="moto.ec2.responses.instances:InstanceResponse._dot_value_instance_attribute_handler",
            digest="a6535ec76ceb",
            wrap=_wrap,
        ),
    ),
)
