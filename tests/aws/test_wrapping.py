"""What a key in KMS wraps opens with that key and the same words alone, and who may not is told what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto.core.authorization import enable_iam_authentication
from support.aws_moto import ACCOUNT, QUICK, REGION

from fleetkit.aws import AwsSession, open_session, unwrap_secret, wrap_secret
from fleetkit.core import AwsError, FleetkitError, NotFoundError, SettingsError

SECRET = b"AGE-SECRET-KEY-1SOMETHING"
DEMO = {"fleetkit:cluster": "demo"}


def make_key(session: AwsSession) -> str:
    return str(session.client("kms").create_key()["KeyMetadata"]["Arn"])


def test_what_was_wrapped_opens_with_the_same_words_by_whatever_name_the_key_went(session: AwsSession) -> None:
    arn = make_key(session)
    session.client("kms").create_alias(AliasName="alias/backups", TargetKeyId=arn)
    for name in (arn, arn.rpartition("/")[2], "alias/backups"):
        key, wrapped = wrap_secret(session, name, SECRET, context=DEMO)
        assert key == arn
        assert SECRET not in wrapped
        assert unwrap_secret(session, key, wrapped, context=DEMO) == SECRET


def test_with_other_words_or_when_it_was_changed_it_does_not_open(session: AwsSession) -> None:
    key, wrapped = wrap_secret(session, make_key(session), SECRET, context=DEMO)
    with pytest.raises(FleetkitError, match="not wrapped for prod"):
        unwrap_secret(session, key, wrapped, context={"fleetkit:cluster": "prod"})
    with pytest.raises(FleetkitError, match="changed"):
        unwrap_secret(session, key, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), context=DEMO)


def test_no_other_key_opens_it(session: AwsSession) -> None:
    _, wrapped = wrap_secret(session, make_key(session), SECRET, context=DEMO)
    with pytest.raises(AwsError, match="AccessDenied"):
        unwrap_secret(session, make_key(session), wrapped, context=DEMO)


@pytest.mark.parametrize(
    "name", ["alias/nobody", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"]
)
def test_a_key_that_is_not_there_is_named_with_the_region_that_was_asked(session: AwsSession, name: str) -> None:
    with pytest.raises(NotFoundError, match=REGION) as caught:
        wrap_secret(session, name, SECRET, context=DEMO)
    assert name in str(caught.value)


def wrap(session: AwsSession) -> object:
    return wrap_secret(session, "alias/any", SECRET, context=DEMO)


def unwrap(session: AwsSession) -> object:
    return unwrap_secret(session, "alias/any", b"wrapped", context=DEMO)


@pytest.mark.parametrize(
    ("ask", "operation", "code", "error", "seen"),
    [
        (wrap, "encrypt", "InvalidKeyUsageException", SettingsError, "made with: aws kms create-key"),
        (unwrap, "decrypt", "IncorrectKeyException", FleetkitError, "wrapped by another key"),
        (wrap, "encrypt", "DisabledException", AwsError, "enable it, or use another"),
    ],
)
def test_what_aws_says_of_a_key_that_does_not_serve_is_told_in_words(
    session: AwsSession,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[AwsSession], object],
    operation: str,
    code: str,
    error: type[Exception],
    seen: str,
) -> None:
    """Moto takes any key for encrypting, and enables none again: these are AWS's own answers."""
    kms = session.client("kms")
    monkeypatch.setattr(type(session), "client", lambda _session, _name: kms)
    with Stubber(kms) as stubber:
        stubber.add_client_error(operation, code)
        with pytest.raises(error, match=seen):
            ask(session)


def act_as(monkeypatch: pytest.MonkeyPatch, *actions: str) -> None:
    """Become a user who may do these things of KMS alone."""
    iam: Any = boto3.client("iam")
    iam.create_user(UserName="ada")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ada", PolicyName="may", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def test_backing_up_takes_encrypt_alone_and_opening_decrypt_alone(
    session: AwsSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = make_key(session)
    act_as(monkeypatch, "kms:Encrypt")
    with enable_iam_authentication():
        key, wrapped = wrap_secret(open_session(REGION), arn, SECRET, context=DEMO)
        with pytest.raises(AwsError, match="let these credentials do kms:Decrypt"):
            unwrap_secret(open_session(REGION), key, wrapped, context=DEMO)
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("iam").put_user_policy(UserName="ada", PolicyName="may", PolicyDocument=policy)
    with enable_iam_authentication():
        assert unwrap_secret(open_session(REGION), key, wrapped, context=DEMO) == SECRET
        with pytest.raises(AwsError, match="let these credentials do kms:Encrypt"):
            wrap_secret(open_session(REGION), arn, SECRET, context=DEMO)


def test_where_kms_does_not_answer_the_error_says_so_and_that_it_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AwsError, match="nothing answers there") as caught:
        wrap_secret(open_session(REGION, limits=QUICK), "alias/backups", SECRET, context=DEMO)
    assert caught.value.transient
