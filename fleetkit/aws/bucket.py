"""The cluster's bucket: made and kept as it must be, filled with what changed, emptied and removed at the end.

It holds what machines fetch and the load balancers' access logs. It is encrypted, versioned, closed to the public
and to plain HTTP. Each call says whose bucket it expects, so that a stranger's bucket of the same name is refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleetkit.aws._errors import asking, error_code
from fleetkit.aws.session import CLUSTER_TAG, AwsSession
from fleetkit.core import PreconditionError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["bucket_exists", "delete_bucket", "ensure_bucket"]

_AT_ONCE = 1000  # S3 API, DeleteObjects: at most 1000 keys in one call
_CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}


def bucket_exists(session: AwsSession, bucket: str) -> bool:
    """Return whether the account has the bucket.

    Raises
    ------
    PreconditionError
        When somebody else has it.
    """
    from botocore.exceptions import ClientError

    owner = session.account_id()
    with asking(f"the bucket {bucket}"):
        try:
            session.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchBucket", "NotFound"}:
                return False
            if error_code(error) in {"301", "403", "AccessDenied", "Forbidden"}:
                raise PreconditionError(
                    f"the bucket {bucket} is not to be used",
                    seen="it exists, and is in another account or region, or these credentials may not see it",
                    hint="choose another name for the cluster, or credentials that may use the bucket",
                ) from error
            raise
    return True


def ensure_bucket(session: AwsSession, bucket: str, *, cluster: str) -> tuple[str, ...]:
    """Make the cluster's bucket, or put right what is not as it must be.

    Parameters
    ----------
    session, bucket, cluster
        Where, its name, and the cluster whose tag it bears.

    Returns
    -------
    tuple of str
        What was changed, as words; empty when all was as it must be.

    Raises
    ------
    PreconditionError
        When somebody else has a bucket of that name.
    """
    changed = []
    if not bucket_exists(session, bucket):
        _create(session, bucket)
        changed.append("bucket")
    owner = session.account_id()
    for what, is_right, put_right in _properties(session, bucket, cluster=cluster, owner=owner):
        with asking(f"the {what} of the bucket {bucket}"):
            if not is_right():
                put_right()
                changed.append(what)
    return tuple(changed)


def delete_bucket(session: AwsSession, bucket: str) -> int:
    """Empty the bucket, old versions too, and remove it; nothing happens when there is none.

    Returns
    -------
    int
        How many versions and delete markers were removed.
    """
    if not bucket_exists(session, bucket):
        return 0
    s3, owner, removed = session.s3, session.account_id(), 0
    with asking(f"the removal of the bucket {bucket}"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, ExpectedBucketOwner=owner):
            found: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
            for start in range(0, len(keys), _AT_ONCE):
                answer = s3.delete_objects(
                    Bucket=bucket,
                    Delete={"Objects": keys[start : start + _AT_ONCE], "Quiet": True},  # type: ignore[typeddict-item]
                    ExpectedBucketOwner=owner,
                )
                _refuse_leftovers(bucket, answer.get("Errors", []))
            removed += len(keys)
        s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    return removed


def _refuse_leftovers(bucket: str, errors: list[Any]) -> None:
    # DeleteObjects answers 200 even when it left objects where they were.
    if errors:
        raise PreconditionError(
            f"{len(errors)} objects of the bucket {bucket} could not be removed",
            seen=f"{errors[0].get('Key')}: {errors[0].get('Code')}",
            hint="look for an object lock or a policy that forbids s3:DeleteObjectVersion",
        )


def _create(session: AwsSession, bucket: str) -> None:
    options: dict[str, Any] = {"Bucket": bucket, "ObjectOwnership": "BucketOwnerEnforced"}
    if session.region != "us-east-1":  # S3 API, CreateBucket: the one region that may not be named
        options["CreateBucketConfiguration"] = {"LocationConstraint": session.region}
    with asking(f"a new bucket {bucket}"):
        session.s3.create_bucket(**options)
        session.s3.get_waiter("bucket_exists").wait(Bucket=bucket)


def _properties(
    session: AwsSession, bucket: str, *, cluster: str, owner: str
) -> list[tuple[str, Callable[[], bool], Callable[[], object]]]:
    """Return what the bucket must have: its name, whether it is so, and how to make it so."""
    s3 = session.s3
    of: dict[str, Any] = {"Bucket": bucket, "ExpectedBucketOwner": owner}
    policy = _policy(bucket, owner=owner, partition=session.caller().arn.split(":")[1])
    tags = [{"Key": CLUSTER_TAG, "Value": cluster}]
    return [
        (
            "public access block",
            lambda: _read(s3.get_public_access_block, of, "PublicAccessBlockConfiguration") == _CLOSED,
            lambda: s3.put_public_access_block(PublicAccessBlockConfiguration=_CLOSED, **of),  # type: ignore[arg-type]
        ),
        (
            "encryption",
            lambda: _algorithm(_read(s3.get_bucket_encryption, of, "ServerSideEncryptionConfiguration")) == "AES256",
            lambda: s3.put_bucket_encryption(ServerSideEncryptionConfiguration=_ENCRYPTION, **of),  # type: ignore[arg-type]
        ),
        (
            "versioning",
            lambda: _read(s3.get_bucket_versioning, of, "Status") == "Enabled",
            lambda: s3.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"}, **of),
        ),
        (
            "policy",
            lambda: json.loads(_read(s3.get_bucket_policy, of, "Policy") or "null") == policy,
            lambda: s3.put_bucket_policy(Policy=json.dumps(policy), **of),
        ),
        (
            "tags",
            lambda: _read(s3.get_bucket_tagging, of, "TagSet") == tags,
            lambda: s3.put_bucket_tagging(Tagging={"TagSet": tags}, **of),  # type: ignore[typeddict-item]
        ),
    ]


def _read(call: Callable[..., Any], of: dict[str, Any], field: str) -> Any:
    """Return one part of a bucket's configuration, or None where S3 says that it has none."""
    from botocore.exceptions import ClientError

    try:
        return call(**of).get(field)
    except ClientError as error:
        if error_code(error).startswith(("NoSuch", "ServerSideEncryptionConfigurationNotFound")):
            return None
        raise


def _algorithm(configuration: Any) -> str | None:
    rules = (configuration or {}).get("Rules", [])
    return rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] if rules else None


def _policy(bucket: str, *, owner: str, partition: str) -> dict[str, Any]:
    arn = f"arn:{partition}:s3:::{bucket}"
    ours = {"StringEquals": {"aws:SourceAccount": owner}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsAlone",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            # Elastic Load Balancing user guide, "Enable access logs": application load balancers write as this service.
            {
                "Sid": "ApplicationLoadBalancersLog",
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{arn}/logs/*",
                "Condition": ours,
            },
            # The same for network load balancers, which first ask who owns the bucket.
            {
                "Sid": "NetworkLoadBalancersLog",
                "Effect": "Allow",
                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{arn}/logs/*",
                "Condition": ours,
            },
            {
                "Sid": "NetworkLoadBalancersLook",
                "Effect": "Allow",
                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": "s3:GetBucketAcl",
                "Resource": arn,
                "Condition": ours,
            },
        ],
    }
