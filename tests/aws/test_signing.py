"""A key in KMS: its signatures verify with its public half alone, and a key of another kind is refused."""

from __future__ import annotations

import base64
import json

import boto3
import pytest
from moto.core.authorization import enable_iam_authentication
from support.aws_moto import ACCOUNT, QUICK, REGION

from fleetkit.aws import AwsSession, open_session, open_signing_key
from fleetkit.core import AwsError, NotFoundError, SettingsError
from fleetkit.pki import verify_signature


def make_key(session: AwsSession, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> str:
    made = session.client("kms").create_key(KeySpec=spec, KeyUsage=usage)
    return str(made["KeyMetadata"]["Arn"])


def test_what_it_signs_verifies_with_its_public_key_alone_however_long_it_is(session: AwsSession) -> None:
    signer = open_signing_key(session, make_key(session))
    for message in (b"what was said", b"x" * 10_000):
        signature = signer.sign(message)
        assert verify_signature(signer.public_key, message, signature)
        assert not verify_signature(signer.public_key, message + b".", signature)
    assert repr(signer) == f"Signer({signer.public_key})"


def test_the_public_key_is_the_text_that_kms_tells(session: AwsSession) -> None:
    arn = make_key(session)
    told = session.client("kms").get_public_key(KeyId=arn)["PublicKey"]
    assert open_signing_key(session, arn).public_key == f"p256:{base64.b64encode(told).decode()}"


def test_it_is_found_by_id_and_alias_and_an_alias_that_moves_on_does_not_take_the_signer_along(
    session: AwsSession,
) -> None:
    kms, first, second = session.client("kms"), make_key(session), make_key(session)
    kms.create_alias(AliasName="alias/records", TargetKeyId=first)
    by_alias, by_id = (open_signing_key(session, name) for name in ("alias/records", first.rpartition("/")[2]))
    assert by_alias.public_key == by_id.public_key
    kms.update_alias(AliasName="alias/records", TargetKeyId=second)
    assert verify_signature(by_alias.public_key, b"said", by_alias.sign(b"said"))


@pytest.mark.parametrize(
    ("spec", "usage", "seen"),
    [
        ("ECC_NIST_P384", "SIGN_VERIFY", "ECC_NIST_P384, for SIGN_VERIFY"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "ECC_SECG_P256K1, for SIGN_VERIFY"),
        ("RSA_2048", "SIGN_VERIFY", "RSA_2048, for SIGN_VERIFY"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "RSA_2048, for ENCRYPT_DECRYPT"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "it has no public half"),
    ],
)
def test_a_key_of_another_kind_is_refused_and_the_right_one_described(
    session: AwsSession, spec: str, usage: str, seen: str
) -> None:
    arn = make_key(session, spec, usage)
    with pytest.raises(SettingsError, match=seen) as caught:
        open_signing_key(session, arn)
    assert arn in str(caught.value)
    assert "--key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["alias/nobody", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"]
)
def test_a_key_that_is_not_there_is_named_with_the_region_that_was_asked(session: AwsSession, name: str) -> None:
    with pytest.raises(NotFoundError, match=REGION) as caught:
        open_signing_key(session, name)
    assert name in str(caught.value)


def test_who_may_not_sign_is_told_which_action_is_missing(session: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    arn, iam = make_key(session), boto3.client("iam")
    iam.create_user(UserName="reader")
    reads = {"Effect": "Allow", "Action": "kms:GetPublicKey", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    iam.put_user_policy(UserName="reader", PolicyName="reads", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with enable_iam_authentication():
        signer = open_signing_key(open_session(REGION), arn)
        with pytest.raises(AwsError, match="let these credentials do kms:Sign") as caught:
            signer.sign(b"said")
    assert f"a signature by the key {arn}" in str(caught.value)


def test_where_kms_does_not_answer_the_error_says_so_and_that_it_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AwsError, match="nothing answers there") as caught:
        open_signing_key(open_session(REGION, limits=QUICK), "alias/records")
    assert caught.value.transient
