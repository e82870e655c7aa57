"""What AWS and botocore say, said again: what was asked, the code, whether to repeat, what to do; never a secret."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from support.aws_moto import QUICK, REGION

from fleetkit.aws import AwsSession, asking, list_instances, list_zones, open_session
from fleetkit.core import AwsError


def refused(session: AwsSession, code: str, message: str, status: int = 400) -> AwsError:
    """Return the error that we raise when EC2 refuses with ``code``."""
    client = session.client("ec2")
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "describe_availability_zones", service_error_code=code, service_message=message, http_status_code=status
        )
        with pytest.raises(AwsError) as caught:
            list_zones(session)
    return caught.value


CASES = [
    ("DisabledException", "arn:aws:kms:us-west-2:123456789012:key/k is disabled.", False, "enable it, or use another"),
    ("ExpiredTokenException", "The security token included in the request is expired", False, "sign in again"),
    ("RequestExpired", "Request has expired.", False, "sign in again"),
    ("AuthFailure", "AWS was not able to validate the provided access credentials", False, "AWS_PROFILE"),
    ("InvalidClientTokenId", "The security token included in the request is invalid.", False, "AWS_PROFILE"),
    ("SignatureDoesNotMatch", "The request signature we calculated does not match", False, "AWS_PROFILE"),
    ("UnauthorizedOperation", "You are not authorized to perform this operation.", False, "DescribeAvailabilityZones"),
    ("RequestLimitExceeded", "Request limit exceeded.", True, "wait a minute"),
    ("RequestTimeTooSkewed", "The difference is too large.", False, "clock"),
    ("RequestExpired", "Request has expired.", False, "clock"),
    ("AuthFailure", "AWS was not able to validate the provided access credentials", False, "clock"),
    ("SignatureDoesNotMatch", "Signature expired: 20261128T0900Z is now earlier than 20261128T0905Z", False, "clock"),
    ("InvalidSignatureException", "Signature not yet current: 20261128T0930Z is still later", False, "clock"),
    ("OptInRequired", "You are not subscribed to this service.", False, "not enabled"),
    ("DependencyViolation", "The vpc has dependencies and cannot be deleted.", True, "still there"),
    ("InvalidParameterValue", "Value is wrong.", False, None),
]


@pytest.mark.parametrize(
    ("code", "message", "transient", "hint"), CASES, ids=[f"{case[0]} {case[3]}" for case in CASES]
)
def test_a_refusal_is_told_with_its_code_and_what_to_do(
    code: str, message: str, transient: bool, hint: str | None
) -> None:
    error = refused(open_session(REGION, limits=QUICK), code, message)
    assert error.what == f"AWS refused the zones of {REGION}"
    assert error.seen == f"{code}: {message}"
    assert error.transient is transient
    assert (error.hint is None) if hint is None else (hint in str(error.hint))


def test_a_failure_of_awss_own_may_be_repeated() -> None:
    assert refused(open_session(REGION, limits=QUICK), "InternalError", "An internal error", 500).transient


def test_a_denial_names_the_action_that_aws_names() -> None:
    error = refused(
        open_session(REGION, limits=QUICK),
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ec2:DescribeAvailabilityZones",
    )
    assert error.hint == "let these credentials do ec2:DescribeAvailabilityZones, or use others"


def test_encoded_messages_keys_and_tokens_are_not_repeated() -> None:
    error = refused(
        open_session(REGION, limits=QUICK),
        "UnauthorizedOperation",
        "You are not authorized. AKIAIOSFODNN7EXAMPLE Encoded authorization failure message: kQ9ZfdYxSecret",
    )
    assert "kQ9Zfd" not in str(error)
    assert "AKIAIOSFODNN7EXAMPLE" not in str(error)


def test_a_request_that_botocore_refuses_is_told_without_its_values() -> None:
    session = open_session(REGION)
    with pytest.raises(AwsError) as caught, asking("a test"):
        session.client("s3").put_object(Bucket="b", Key="k", Body={"password": "hunter2-hunter2"})
    assert "hunter2" not in str(caught.value)


def test_no_region_is_told_before_anything_is_asked() -> None:
    with pytest.raises(AwsError, match="no AWS region is known") as caught:
        _ = open_session().region
    assert "AWS_REGION" in str(caught.value.hint)


def test_the_region_that_the_hint_names_is_the_one_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert open_session().region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", REGION)
    assert open_session().region == REGION
    assert open_session("eu-west-2").region == "eu-west-2"


def test_no_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsError, match="NoCredentialsError") as caught:
        open_session(REGION, limits=QUICK).caller()
    assert "AWS_PROFILE" in str(caught.value.hint)


def test_an_unknown_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError, match="ProfileNotFound") as caught:
        open_session(REGION).caller()
    assert "list-profiles" in str(caught.value.hint)


def test_an_endpoint_that_nobody_serves_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(AwsError, match="EndpointConnectionError") as caught:
            open_session(REGION, limits=QUICK).caller()
    assert caught.value.transient
    assert "AWS_ENDPOINT_URL" in str(caught.value.hint)


def test_an_endpoint_that_never_answers_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(AwsError, match="ReadTimeoutError") as caught:
            open_session(REGION, limits=QUICK).caller()
    assert caught.value.transient


def test_credentials_that_have_to_be_fetched_are_waited_for_no_longer_than_anything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # By itself botocore would ask for the role's credentials five times, and wait for a minute each time.
    config = tmp_path / "config"
    config.write_text(
        "[profile ada]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
        "[profile deployer]\nrole_arn = arn:aws:iam::123456789012:role/deployer\nsource_profile = ada\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "deployer")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(AwsError, match="ReadTimeoutError"):
            open_session(REGION, limits=QUICK).caller()


def test_a_failed_page_is_an_error_and_not_a_shorter_list() -> None:
    session = open_session(REGION, limits=QUICK)
    page: dict[str, Any] = {"Reservations": [], "NextToken": "more"}
    with Stubber(session.client("ec2")) as stubber:
        stubber.add_response("describe_instances", page)
        stubber.add_client_error("describe_instances", service_error_code="UnauthorizedOperation")
        with pytest.raises(AwsError, match="the instances of demo"):
            list_instances(session, "demo")
