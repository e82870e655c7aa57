"""The tags of a launch template itself are no part of what it launches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["TEMPLATE_TAGS"]

_KEY = "TagSpecifications"


def _wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_launch_template(
        self: Any, name: str, description: str, template_data: dict[str, Any], tag_spec: dict[str, Any]
    ) -> Any:
        kept = [one for one in template_data.get(_KEY, []) if one.get("ResourceType") != "launch-template"]
        if kept:
            template_data[_KEY] = kept
        else:
            template_data.pop(_KEY, None)
        return original(self, name, description, template_data, tag_spec)

    return create_launch_template


TEMPLATE_TAGS = Patch(
    name="template-tags",
    promise="tags of type launch-template stay out of the template's data",
    replacements=(
        Replacement(
            target="moto.ec2.models.launch_templates:LaunchTemplateBackend.create_launch_template",
            digest="54f9d2757f6d",
            wrap=_wrap,
        ),
    ),
)
