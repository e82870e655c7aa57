"""A bucket policy's statement binds only those whom it names, and only where its condition holds.

moto reads neither a statement's principal nor its condition. Two kinds of statement come with every bucket of a
cluster: one that denies what does not come over TLS, and some that let an AWS service write logs.
The emulated AWS answers on loopback in place of Amazon's TLS addresses, so what reaches it counts as come over TLS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["BUCKET_POLICIES"]


def _binds_callers(statement: Mapping[str, Any]) -> bool:
    """Whether a statement says something of a user or role that comes over TLS."""
    principal = statement.get("Principal")
    if isinstance(principal, Mapping) and set(principal) == {"Service"}:
        return False
    transport = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return str(transport).lower() != "false"


def _wrap(original: Callable[[Any, str, str], Any]) -> Callable[[Any, str, str], Any]:
    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return original(self, action, resource)
        from moto.iam.access_control import IAMPolicy, PermissionResult

        document = json.loads(self.policy)
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        binding = [statement for statement in statements if _binds_callers(statement)]
        if not binding:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({**document, "Statement": binding})).is_action_permitted(action, resource)

    return get_permission


BUCKET_POLICIES = Patch(
    name="bucket-policies",
    promise="a bucket policy that denies plain HTTP, or allows a service, says nothing of a caller over TLS",
    replacements=(Replacement(target="moto.s3.models:FakeBucket.get_permission", digest="7571412a3495", wrap=_wrap),),
)
