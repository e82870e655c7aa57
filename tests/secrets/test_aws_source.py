"""Secrets of Systems Manager and of Secrets Manager: decrypted, in the version that is meant, and never shown."""

from __future__ import annotations

import json
import logging

import boto3
import pytest
from moto.core.authorization import enable_iam_authentication
from support.aws_moto import QUICK, REGION

from fleetkit.aws import AwsSession, asking, open_session
from fleetkit.core import AwsError, FleetkitError, NotFoundError, PreconditionError, SettingsError, parse_reference
from fleetkit.secrets import AwsSource, SecretSources, resolve_secret

VALUE = "CANARY-5c3a-9d1e"
FIELDS = json.dumps({"user": "ada", "password": VALUE, "port": 5432, "nested": {"a": VALUE}, "none": None})


def resolve(session: AwsSession, text: str) -> bytes:
    pieces: list[bytes] = []
    sources = SecretSources(aws=AwsSource(session, asking=asking))
    resolve_secret(parse_reference(text), sources).deliver(pieces.append)
    return pieces[0]


def put_parameter(session: AwsSession, name: str, value: str = VALUE, *, kind: str = "SecureString") -> None:
    session.client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def test_a_secure_string_is_decrypted(session: AwsSession) -> None:
    put_parameter(session, "/demo/token")
    assert resolve(session, "ssm:/demo/token") == VALUE.encode()


def test_a_version_or_a_label_of_a_parameter_is_read_where_it_is_named(session: AwsSession) -> None:
    put_parameter(session, "/demo/token", "the-first-value")
    put_parameter(session, "/demo/token")
    session.client("ssm").label_parameter_version(Name="/demo/token", ParameterVersion=1, Labels=["before"])
    assert resolve(session, "ssm:/demo/token:1") == resolve(session, "ssm:/demo/token:before") == b"the-first-value"
    assert resolve(session, "ssm:/demo/token") == resolve(session, "ssm:/demo/token:2") == VALUE.encode()


def test_a_parameter_that_lies_there_unencrypted_is_refused_with_the_command_that_mends_it(session: AwsSession) -> None:
    put_parameter(session, "/demo/token", kind="String")
    with pytest.raises(PreconditionError, match=r"unencrypted, as a String\n.*--type SecureString") as caught:
        resolve(session, "ssm:/demo/token")
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("text", ["ssm:/demo/none", "ssm:/demo/token:7", "secretsmanager:demo/none"])
def test_one_that_is_not_there_is_named_with_the_region_that_was_asked(session: AwsSession, text: str) -> None:
    put_parameter(session, "/demo/token")
    with pytest.raises(NotFoundError, match=rf"the secret {text} is not there: .*\(asked {REGION}\)"):
        resolve(session, text)


def make_secret(session: AwsSession, **value: str | bytes) -> str:
    return str(session.client("secretsmanager").create_secret(Name="demo/registry", **value)["ARN"])


def test_a_managed_secret_is_read_whole_or_by_its_field_and_by_name_or_arn(session: AwsSession) -> None:
    arn = make_secret(session, SecretString=FIELDS)
    assert resolve(session, "secretsmanager:demo/registry") == FIELDS.encode()
    assert resolve(session, "secretsmanager:demo/registry#password") == VALUE.encode()
    assert resolve(session, f"secretsmanager:{arn}#password") == VALUE.encode()


def test_a_binary_one_is_read_as_it_is(session: AwsSession) -> None:
    make_secret(session, SecretBinary=bytes(range(256)))
    assert resolve(session, "secretsmanager:demo/registry") == bytes(range(256))


def test_a_stage_or_a_version_of_it_is_read_where_it_is_named(session: AwsSession) -> None:
    make_secret(session, SecretString="the-first-value")
    manager = session.client("secretsmanager")
    second = manager.put_secret_value(SecretId="demo/registry", SecretString=VALUE)["VersionId"]
    assert resolve(session, "secretsmanager:demo/registry") == VALUE.encode()
    assert resolve(session, "secretsmanager:demo/registry?stage=AWSPREVIOUS") == b"the-first-value"
    assert resolve(session, f"secretsmanager:demo/registry?version={second}") == VALUE.encode()
    with pytest.raises(NotFoundError, match="not in that version"):
        resolve(session, "secretsmanager:demo/registry?stage=NOBODYS")


@pytest.mark.parametrize(
    ("field", "value", "error", "seen"),
    [
        ("pasword", FIELDS, NotFoundError, "no field 'pasword'.*known: nested, none, password, port, user"),
        ("nested", FIELDS, SettingsError, "neither a text nor a number"),
        ("none", FIELDS, SettingsError, "neither a text nor a number"),
        ("password", VALUE, SettingsError, "no JSON object"),
        ("password", f'["{VALUE}"]', SettingsError, "no JSON object"),
        ("password", f'{{"password": "{VALUE}"', SettingsError, "no JSON object"),
    ],
)
def test_a_field_that_cannot_be_had_is_told_without_the_others(
    session: AwsSession, field: str, value: str, error: type[FleetkitError], seen: str
) -> None:
    make_secret(session, SecretString=value)
    with pytest.raises(error, match=seen) as caught:
        resolve(session, f"secretsmanager:demo/registry#{field}")
    assert VALUE not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_number_is_read_as_it_is_written(session: AwsSession) -> None:
    make_secret(session, SecretString='{"pin": 31415926}')
    assert resolve(session, "secretsmanager:demo/registry#pin") == b"31415926"


def test_whoever_may_not_read_it_is_told_what_is_missing(session: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    put_parameter(session, "/demo/token")
    make_secret(session, SecretString=VALUE)
    iam = boto3.client("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with enable_iam_authentication():
        for text, action in (
            ("ssm:/demo/token", "ssm:GetParameter"),
            ("secretsmanager:demo/registry", "secretsmanager:GetSecretValue"),
        ):
            with pytest.raises(AwsError, match=f"(?s)refused the secret {text}.*{action}"):
                resolve(open_session(REGION), text)


def test_where_aws_does_not_answer_the_error_says_so_and_that_it_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for text in ("ssm:/demo/token", "secretsmanager:demo/registry"):
        with pytest.raises(AwsError, match="nothing answers there") as caught:
            resolve(open_session(REGION, limits=QUICK), text)
        assert caught.value.transient


@pytest.mark.parametrize("text", ["ssm:/demo/token", "secretsmanager:demo/registry"])
def test_what_botocore_logs_of_an_answer_holds_no_value(
    session: AwsSession, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    put_parameter(session, "/demo/token")
    make_secret(session, SecretString=VALUE)
    with caplog.at_level(logging.DEBUG):
        session.client("ssm").get_parameter(Name="/demo/token", WithDecryption=True)
        assert VALUE in caplog.text, "botocore is asked to log, and would"
        caplog.clear()
        assert resolve(session, text) == VALUE.encode()
    assert VALUE not in caplog.text
