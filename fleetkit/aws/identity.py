"""A signed request of STS that says who we are, for others to send: Vault knows its callers that way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetkit.aws.session import AwsSession

__all__ = ["SignedRequest", "sign_caller_identity"]

_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_GLOBAL = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request that whoever has it can send for a quarter of an hour.

    Attributes
    ----------
    headers
        With the signature; never shown.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


def sign_caller_identity(
    session: AwsSession, *, region: str = _GLOBAL, headers: Mapping[str, str] | None = None
) -> SignedRequest:
    """Sign a request of ``GetCallerIdentity``, and send it to nobody.

    Parameters
    ----------
    region
        Region of the STS that will be asked; the global one takes signatures of us-east-1.
    headers
        Further headers that the signature covers, so that it does not hold without them.

    Raises
    ------
    AwsError
        When there are no credentials, or they cannot be had.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    host = "sts.amazonaws.com" if region == _GLOBAL else f"sts.{region}.amazonaws.com"
    host += ".cn" if region.startswith("cn-") else ""
    told = {"Host": host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **(headers or {})}
    request = AWSRequest(method="POST", url=f"https://{host}/", data=_BODY, headers=told)
    SigV4Auth(session.credentials(), "sts", region).add_auth(request)
    return SignedRequest(method="POST", url=f"https://{host}/", headers=dict(request.headers.items()), body=_BODY)
