"""The emulated AWS refuses what AWS refuses: strangers, wrong secrets, and roles that want more than they have."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.sandbox_moto import REGION, SERVE

_ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


class Aws:
    def __init__(self, url: str, key: str, secret: str) -> None:
        self.url, self.key, self.secret = url, key, secret

    def client(self, service: str, **credentials: str) -> Any:
        given = {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret} | credentials
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, config=_ONCE, **given)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    folder = tmp_path_factory.mktemp("aws")
    command = [sys.executable, "-c", SERVE, str(folder), REGION]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Aws(*process.stdout.readline().split())
        process.communicate("")


def _code(refused: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_the_operator_may_do_everything_and_is_known(aws: Aws) -> None:
    identity = aws.client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/operator"
    assert aws.client("route53").list_hosted_zones()["HostedZones"] == []


def test_newest_flatcar_is_found_by_owner_and_name(aws: Aws) -> None:
    images = aws.client("ec2").describe_images(
        Owners=["075585003325"],
        Filters=[
            {"Name": "name", "Values": ["Flatcar-stable-*-hvm"]},
            {"Name": "architecture", "Values": ["x86_64"]},
            {"Name": "virtualization-type", "Values": ["hvm"]},
        ],
    )["Images"]
    assert max(images, key=lambda image: image["CreationDate"])["Name"] == "Flatcar-stable-4593.2.5-hvm"


def test_the_region_offers_ubuntu_and_nothing_foreign(aws: Aws) -> None:
    images = aws.client("ec2").describe_images()["Images"]
    assert {image["OwnerId"] for image in images} == {"075585003325", "099720109477"}


def test_an_unknown_key_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("ec2", aws_access_key_id="AKIAUNKNOWNUNKNOWN00").describe_vpcs()
    assert _code(refused)[0] in (401, 403)


def test_a_wrong_secret_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("s3", aws_secret_access_key="wrong").list_buckets()
    assert _code(refused) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "path",
    ["/", "/bucket/key", "/moto-api/data.json", "//moto-api/data.json", "/%6Doto-api/data.json", "/latest/meta-data/"],
)
def test_anonymous_requests_and_back_doors_are_refused(aws: Aws, path: str) -> None:
    assert _ask(aws, "GET", path) == 403


def test_enforcement_cannot_be_switched_off_over_the_network(aws: Aws) -> None:
    scope = "AKIA/20261122/x/motoapi.amazonaws.com/aws4_request"
    header = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}"}
    assert _ask(aws, "POST", "/moto-api/reset-auth", body=b"inf", headers=header) == 403
    with pytest.raises(ClientError):
        aws.client("ec2", aws_secret_access_key="wrong").describe_vpcs()


def _ask(aws: Aws, method: str, path: str, **more: Any) -> int:
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, **more)
        with connection.getresponse() as answer:
            return answer.status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def role(aws: Aws) -> dict[str, str]:
    """Credentials of a user that may what a master's role may; roles' own are tried from machines."""
    iam = aws.client("iam")
    iam.create_user(UserName="master")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::cluster/roles/master/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="master", PolicyName="fetch", PolicyDocument=document)
    key = iam.create_access_key(UserName="master")["AccessKey"]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="cluster", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("roles/master/etcd1/manifest", "roles/internal/manifest"):
        s3.put_object(Bucket="cluster", Key=name, Body=b"text")
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def test_a_role_reads_its_own_prefix(aws: Aws, role: dict[str, str]) -> None:
    body = aws.client("s3", **role).get_object(Bucket="cluster", Key="roles/master/etcd1/manifest")["Body"]
    assert body.read() == b"text"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("s3", "get_object", {"Bucket": "cluster", "Key": "roles/internal/manifest"}),
        ("s3", "put_object", {"Bucket": "cluster", "Key": "roles/master/etcd1/manifest", "Body": b"x"}),
        ("s3", "delete_object", {"Bucket": "cluster", "Key": "roles/master/etcd1/manifest"}),
        ("s3", "list_objects_v2", {"Bucket": "cluster"}),
        ("ec2", "describe_instances", {}),
        ("iam", "list_users", {}),
    ],
)
def test_a_role_is_denied_everything_else(
    aws: Aws, role: dict[str, str], service: str, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service, **role), operation)(**arguments)
    assert _code(refused)[0] == 403


def test_a_grant_taken_away_acts_on_the_next_call(aws: Aws, role: dict[str, str]) -> None:
    aws.client("iam").delete_user_policy(UserName="master", PolicyName="fetch")
    with pytest.raises(ClientError) as refused:
        aws.client("s3", **role).get_object(Bucket="cluster", Key="roles/master/etcd1/manifest")
    assert _code(refused)[0] == 403


def test_files_of_the_server_stay_in_its_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path), REGION]
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["images.json"]
