"""Systems Manager tells which machines it manages: none of the sandbox's, for on none of them its agent runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import ABSENT, Patch, Replacement

__all__ = ["SSM_INVENTORY"]


def _add_inventory(_absent: None) -> Callable[[Any], Any]:
    def describe_instance_information(self: Any) -> Any:  # noqa: ARG001 - moto calls it as a method
        from moto.core.responses import ActionResult

        return ActionResult({"InstanceInformationList": []})

    return describe_instance_information


SSM_INVENTORY = Patch(
    name="ssm-inventory",
    promise="machines on which no agent of Systems Manager runs are not in its inventory",
    replacements=(
        Replacement(
            target="moto.ssm.responses:SimpleSystemManagerResponse.describe_instance_information",
            digest=ABSENT,
            wrap=_add_inventory,
        ),
    ),
)
