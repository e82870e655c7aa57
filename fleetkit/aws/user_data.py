"""What machines are given at their start: user data, as machines and launch templates have it."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass, field

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["TemplateVersion", "list_template_versions", "read_user_data"]

_GZIP = b"\x1f\x8b"
_MOST_BYTES = 16 * 1024**2
"""More than any user data unpacks to: AWS takes 16 KiB of it, and what unpacks to more is made to do harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion:
    """A version of a launch template; ``user_data`` is what it gives to machines, and is never shown."""

    template_id: str
    name: str
    version: int
    user_data: str = field(repr=False)


def read_user_data(session: AwsSession, instance_id: str) -> str:
    """Return the user data that a machine has; empty where it has none."""
    with asking(f"the user data of {instance_id}"):
        answer = session.ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    return _decode(answer["UserData"].get("Value", ""))


def list_template_versions(session: AwsSession, template_id: str) -> tuple[TemplateVersion, ...]:
    """Return all versions of a launch template, the oldest first: whoever may see one may see each."""
    with asking(f"the versions of the launch template {template_id}"):
        pages = session.ec2.get_paginator("describe_launch_template_versions").paginate(LaunchTemplateId=template_id)
        found = [
            TemplateVersion(
                template_id=template_id,
                name=one["LaunchTemplateName"],
                version=one["VersionNumber"],
                user_data=_decode(one["LaunchTemplateData"].get("UserData", "")),
            )
            for page in pages
            for one in page["LaunchTemplateVersions"]
        ]
    return tuple(sorted(found, key=lambda one: one.version))


def _decode(text: str) -> str:
    """Return what base64, and gzip inside it, hold; what is neither is told as it is."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
    if content.startswith(_GZIP):
        try:
            content = zlib.decompressobj(wbits=31).decompress(content, _MOST_BYTES)
        except zlib.error:
            return text
    return content.decode("utf-8", errors="replace")
