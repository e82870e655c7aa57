"""What botocore raises, turned into our error: what was asked, AWS's code, whether to try again, what to do.

A message never carries a credential, a request's body or an encoded authorization message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleetkit.core import AwsError, FleetkitError, Redactor

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

__all__ = ["asking", "error_code", "translate_error"]

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_WRONG = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "UnauthorizedOperation"}
_THROTTLED = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_IN_THE_WAY = {
    "DeleteConflict",
    "DependencyViolation",
    "HostedZoneNotEmpty",
    "IncorrectState",
    "InvalidGroup.InUse",
    "InvalidNetworkInterface.InUse",
    "InvalidSnapshot.InUse",
    "ResourceInUse",
    "ResourceInUseException",
    "ScalingActivityInProgress",
    "VolumeInUse",
}
_CLOCK = {"RequestInTheFuture", "RequestTimeTooSkewed"}
_CLOCK_WORDS = ("Signature expired", "Signature not yet current")
"""How STS, IAM and others begin to say that a request was signed at another time than theirs."""
_SWITCHED_OFF = {"DisabledException", "KMSInvalidStateException"}

_HINT_CLOCK = "set this computer's clock"
_HINT_EXPIRED = "sign in again (aws sso login, or fresh keys) and repeat"
_HINT_WRONG = "check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: AWS does not know these credentials"
_HINT_NONE = "give credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID, or aws configure"

_BY_CODE = {
    "AuthFailure": f"{_HINT_WRONG}; or {_HINT_CLOCK}, which EC2 answers in the same way",
    "OptInRequired": "the account has not enabled that region or service",
    "RequestExpired": f"{_HINT_EXPIRED}; or {_HINT_CLOCK}, which EC2 answers in the same way",
}
_BY_CODES = (
    (_CLOCK, _HINT_CLOCK),
    (_EXPIRED, _HINT_EXPIRED),
    (_WRONG, _HINT_WRONG),
    (_THROTTLED, "AWS asks for slower calls: wait a minute and repeat"),
    (_IN_THE_WAY, "something that is still there, or still going, needs it: wait, or remove that first"),
    (_SWITCHED_OFF, "the key is disabled, or about to be deleted: enable it, or use another"),
)

_BY_CLASS: dict[str, tuple[bool, str]] = {
    "ConnectTimeoutError": (True, "the endpoint does not answer: check the network, a proxy and AWS_ENDPOINT_URL"),
    "ConnectionClosedError": (True, "the connection broke: repeat"),
    "ConnectionError": (True, "check the network and repeat"),
    "CredentialRetrievalError": (False, "the profile's credential program failed: run it by hand"),
    "EndpointConnectionError": (
        True,
        "nothing answers there: check the network, the region's name and AWS_ENDPOINT_URL",
    ),
    "InvalidRegionError": (False, "write the region as us-west-2"),
    "NoCredentialsError": (False, _HINT_NONE),
    "NoRegionError": (False, "name a region: AWS_REGION, or --region where the command has it"),
    "PartialCredentialsError": (False, _HINT_NONE),
    "ProfileNotFound": (False, "check AWS_PROFILE; aws configure list-profiles shows those that exist"),
    "ProxyConnectionError": (True, "the proxy does not answer: check HTTPS_PROXY and NO_PROXY"),
    "ReadTimeoutError": (True, "AWS took too long: repeat"),
    "SSLError": (False, "the endpoint's certificate is not trusted: check AWS_CA_BUNDLE and any proxy between"),
    "SSOTokenLoadError": (False, _HINT_EXPIRED),
    "TokenRetrievalError": (False, _HINT_EXPIRED),
    "UnauthorizedSSOTokenError": (False, _HINT_EXPIRED),
    "WaiterError": (True, "AWS has not finished yet: repeat"),
}


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn botocore's errors inside the block into `AwsError`.

    Parameters
    ----------
    what
        What is asked of AWS, as a noun: ``"the key pairs of eu-west-1"``.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise translate_error(what, error) from error
    except BotoCoreError as error:
        kind = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _BY_CLASS), "")
        transient, hint = _BY_CLASS.get(kind, (False, None))
        raise AwsError(
            f"cannot ask AWS for {what}",
            seen=_botocore_text(type(error).__name__, str(error)),
            transient=transient,
            hint=hint,
        ) from error


def error_code(error: ClientError) -> str:
    """Return the code that AWS gave, such as ``UnauthorizedOperation``."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def translate_error(what: str, error: ClientError) -> FleetkitError:
    """Return our error for an answer in which AWS refused ``what``."""
    code = error_code(error)
    message = str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return AwsError(
        f"AWS refused {what}",
        seen=f"{code}: {_clean(message)}" if message else code,
        transient=code in _THROTTLED | _IN_THE_WAY or status >= 500,
        hint=_hint(code, message, error),
    )


def _hint(code: str, message: str, error: ClientError) -> str | None:
    # A clock that is wrong is answered in many ways, and under codes that stand for something else too.
    if message.startswith(_CLOCK_WORDS):
        return _HINT_CLOCK
    if code in _DENIED:
        named = re.search(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)", message)
        action = named.group(1) if named else error.operation_name
        return f"let these credentials do {action}, or use others"
    return _BY_CODE.get(code) or next((hint for codes, hint in _BY_CODES if code in codes), None)


def _clean(message: str) -> str:
    # AWS appends a long encoded text to some refusals; it says nothing to a reader and much to a decoder.
    message = re.split(r"\s*Encoded authorization failure message:", message, maxsplit=1)[0]
    return " ".join(Redactor().redact(message).split())[:400]


def _botocore_text(kind: str, message: str) -> str:
    if kind == "ParamValidationError":
        # Its text repeats the values of the request, and one of them may be a secret.
        return "botocore refused the request's parameters"
    return f"{kind}: {_clean(message)}"
