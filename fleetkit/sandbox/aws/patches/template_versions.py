"""A later version of a launch template carries its user data like the first one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["TEMPLATE_VERSIONS"]


def _wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_version(self: Any, data: dict[str, Any], description: str) -> Any:
        from moto.ec2.utils import parse_user_data

        # The first version's has been read already, by the request that makes the template.
        if isinstance(data.get("UserData"), str):
            data["UserData"] = parse_user_data(data["UserData"])
        return original(self, data, description)

    return create_version


TEMPLATE_VERSIONS = Patch(
    name="template-versions",
    promise="an instance can be launched from any version of a template that has user data",
    replacements=(
        Replacement(
            target="moto.ec2.models.launch_templates:LaunchTemplate.create_version",
            digest="a96461830b00",
            wrap=_wrap,
        ),
    ),
)
