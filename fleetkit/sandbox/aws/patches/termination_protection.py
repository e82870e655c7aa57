"""Termination protection asked for at launch holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["TERMINATION_PROTECTION"]


def _wrap_run(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run_instances(self: Any) -> Any:
        answer = original(self)
        if _is_true(self._get_param("DisableApiTermination")):
            for instance in answer.result.instances:
                instance.disable_api_termination = True
        return answer

    return run_instances


def _wrap_modify(original: Callable[..., Any]) -> Callable[..., Any]:
    def modify_instance_attribute(self: Any, instance_id: str, key: str, value: Any) -> Any:
        if key == "disable_api_termination":
            value = _is_true(value)
        return original(self, instance_id, key, value)

    return modify_instance_attribute


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


TERMINATION_PROTECTION = Patch(
    name="termination-protection",
    promise="an instance launched or modified with disableApiTermination refuses to be terminated",
    replacements=(
        Replacement(
            target="moto.ec2.responses.instances:InstanceResponse.run_instances", digest="053f1ed0a0ec", wrap=_wrap_run
        ),
        Replacement(
            target="moto.ec2.models.instances:InstanceBackend.modify_instance_attribute",
            digest="457ddf88c4e9",
            wrap=_wrap_modify,
        ),
    ),
)
