"""EC2-Classic is retired: an account has the platform VPC only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["VPC_ONLY"]


def _wrap(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def describe_account_attributes(self: Any) -> Any:
        answer = original(self)
        for attribute in answer.result["AccountAttributes"]:
            if attribute["AttributeName"] == "supported-platforms":
                attribute["AttributeValues"] = [{"AttributeValue": "VPC"}]
        return answer

    return describe_account_attributes


VPC_ONLY = Patch(
    name="vpc-only",
    promise="the account's supported platforms are VPC alone, so that an elastic address may carry tags",
    replacements=(
        Replacement(
            target="moto.ec2.responses.account_attributes:AccountAttributes.describe_account_attributes",
            digest="5e773a3eb476",
            wrap=_wrap,
        ),
    ),
)
