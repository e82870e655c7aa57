"""The cluster's bucket: as it must be, put right when it is not, filled with what changed, gone at the end."""

from __future__ import annotations

import hashlib
import json

import pytest
from botocore.stub import Stubber
from support.aws_moto import REGION

from fleetkit.aws import (
    AwsSession,
    bucket_exists,
    delete_bucket,
    delete_objects,
    ensure_bucket,
    list_objects,
    open_session,
    put_object,
    read_object,
)
from fleetkit.core import NotFoundError, PreconditionError

BUCKET = "fleetkit-demo-123456789012-us-west-2"


@pytest.fixture
def bucket(session: AwsSession) -> str:
    ensure_bucket(session, BUCKET, cluster="demo")
    return BUCKET


def test_a_new_bucket_is_closed_encrypted_versioned_and_tagged(session: AwsSession) -> None:
    assert not bucket_exists(session, BUCKET)
    changed = ensure_bucket(session, BUCKET, cluster="demo")
    # S3 encrypts new buckets by itself since 2023; what it does already is not done again.
    assert set(changed) - {"encryption"} == {"bucket", "public access block", "versioning", "policy", "tags"}
    s3 = session.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "fleetkit:cluster", "Value": "demo"}]
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == REGION


def test_the_policy_refuses_plain_http_and_lets_load_balancers_log_alone(session: AwsSession, bucket: str) -> None:
    policy = json.loads(session.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    denials = [one for one in policy["Statement"] if one["Effect"] == "Deny"]
    assert denials[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    grants = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert all(one["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}} for one in grants)
    assert all("Service" in one["Principal"] for one in grants)
    written = [one["Resource"] for one in grants if one["Action"] == "s3:PutObject"]
    assert set(written) == {f"arn:aws:s3:::{bucket}/logs/*"}


def test_a_right_bucket_is_left_as_it_is(session: AwsSession, bucket: str) -> None:
    assert ensure_bucket(session, bucket, cluster="demo") == ()


@pytest.mark.parametrize(
    ("spoil", "argument", "mended"),
    [
        ("delete_public_access_block", {}, "public access block"),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}, "versioning"),
        ("delete_bucket_policy", {}, "policy"),
        ("delete_bucket_tagging", {}, "tags"),
    ],
)
def test_what_somebody_changed_is_put_right(
    session: AwsSession, bucket: str, spoil: str, argument: dict[str, object], mended: str
) -> None:
    getattr(session.client("s3"), spoil)(Bucket=bucket, **argument)
    assert ensure_bucket(session, bucket, cluster="demo") == (mended,)


def test_a_strangers_bucket_is_refused() -> None:
    session = open_session(REGION)
    with Stubber(session.client("sts")) as sts, Stubber(session.client("s3")) as s3:
        sts.add_response(
            "get_caller_identity",
            {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ada", "UserId": "AIDA"},
        )
        s3.add_client_error("head_bucket", service_error_code="403", http_status_code=403)
        with pytest.raises(PreconditionError, match="another account"):
            bucket_exists(session, BUCKET)


def test_an_object_is_put_once_and_again_only_when_it_changed(session: AwsSession, bucket: str) -> None:
    assert put_object(session, bucket, key="roles/public/manifest", content=b"one")
    assert not put_object(session, bucket, key="roles/public/manifest", content=b"one")
    assert put_object(session, bucket, key="roles/public/manifest", content=b"two")
    assert read_object(session, bucket, key="roles/public/manifest") == b"two"
    versions = session.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    assert len(versions) == 2
    (seen,) = list_objects(session, bucket, prefix="roles/")
    assert (seen.key, seen.size_bytes) == ("roles/public/manifest", 3)
    assert seen.etag == hashlib.md5(b"two", usedforsecurity=False).hexdigest()


def test_a_new_object_is_put_over_no_other(session: AwsSession, bucket: str) -> None:
    assert put_object(session, bucket, key="journal", content=b"mine", new=True)
    assert not put_object(session, bucket, key="journal", content=b"yours", new=True)
    assert read_object(session, bucket, key="journal") == b"mine"


def test_an_object_that_is_not_there_is_told(session: AwsSession, bucket: str) -> None:
    with pytest.raises(NotFoundError, match="no object archives/none"):
        read_object(session, bucket, key="archives/none")


def test_objects_are_removed_by_key(session: AwsSession, bucket: str) -> None:
    put_object(session, bucket, key="a", content=b"1")
    put_object(session, bucket, key="b", content=b"2")
    assert delete_objects(session, bucket, keys=["a"]) == 1
    assert [one.key for one in list_objects(session, bucket)] == ["b"]


def test_a_bucket_goes_with_its_old_versions_and_delete_markers(session: AwsSession, bucket: str) -> None:
    put_object(session, bucket, key="a", content=b"1")
    put_object(session, bucket, key="a", content=b"2")
    delete_objects(session, bucket, keys=["a"])
    assert delete_bucket(session, bucket) == 3
    assert not bucket_exists(session, bucket)
    assert delete_bucket(session, bucket) == 0
