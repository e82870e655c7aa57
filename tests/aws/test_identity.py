"""A request that says who we are is signed for the STS that will be asked, and covers what it is told to."""

from __future__ import annotations

import re

import pytest
from support.aws_moto import REGION

from fleetkit.aws import open_session, sign_caller_identity
from fleetkit.core import AwsError


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "sts.amazonaws.com"),
        ("eu-central-1", "sts.eu-central-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_it_is_signed_for_the_sts_of_its_region_and_covers_what_it_was_told(region: str, host: str) -> None:
    signed = sign_caller_identity(open_session(REGION), region=region, headers={"X-Vault-AWS-IAM-Server-ID": "vault"})
    assert (signed.method, signed.url) == ("POST", f"https://{host}/")
    assert signed.headers["Host"] == host
    found = re.search(r"/(\S+)/sts/aws4_request, SignedHeaders=(\S+),", signed.headers["Authorization"])
    assert found
    assert found[1].endswith(region)
    assert {"host", "x-amz-date", "x-vault-aws-iam-server-id"} <= set(found[2].split(";"))


def test_whoever_has_it_could_send_it_so_it_does_not_show_its_signature() -> None:
    signed = sign_caller_identity(open_session(REGION))
    assert "Signature=" in signed.headers["Authorization"]
    assert "Signature" not in repr(signed)


def test_without_credentials_it_is_said_how_to_give_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsError, match=r"(?s)cannot ask AWS for credentials.*AWS_PROFILE"):
        sign_caller_identity(open_session(REGION))
