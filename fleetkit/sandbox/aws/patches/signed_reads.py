"""A signed request is judged over the body that was sent, so that signed GETs of REST services pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["SIGNED_READS"]


def _wrap(_original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create_aws_request(self: Any) -> Any:
        from botocore.awsrequest import AWSRequest

        signed = self._get_string_between("SignedHeaders=", ",", self._headers["Authorization"]).split(";")
        headers = self._create_headers_for_aws_request(signed, self._headers)
        # A posted form reaches this place parsed. Anything else without a body has none: moto would take the parsed
        # query for it, and so judge a payload that nobody sent.
        is_form = self._headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        body = self._body or (self._data if is_form else b"")
        request = AWSRequest(method=self._method, url=self._path, data=body, headers=headers)
        request.context["timestamp"] = headers["X-Amz-Date"]
        return request

    return create_aws_request


SIGNED_READS = Patch(
    name="signed-reads",
    promise="a correctly signed GET of Route 53 and other REST services is accepted under enforced IAM",
    replacements=(
        Replacement(
            target="moto.iam.access_control:IAMRequestBase._create_aws_request", digest="c2d33c3aeded", wrap=_wrap
        ),
    ),
)
