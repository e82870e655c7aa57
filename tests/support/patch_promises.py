"""What each fidelity patch promises: one function per patch, which fails where moto differs from AWS."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from support import network_promises
from support.sandbox_moto import IMAGE, REGION, Moto

from fleetkit.sandbox.aws import patches
from fleetkit.sandbox.aws.patches import Patch


def template_tags_stay_outside_its_data(aws: Moto) -> None:
    aws.ec2.create_launch_template(
        LaunchTemplateName="pool",
        LaunchTemplateData={"InstanceType": "t3.small"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "pool"}]}],
    )
    version = aws.ec2.describe_launch_template_versions(LaunchTemplateName="pool")["LaunchTemplateVersions"][0]
    assert "TagSpecifications" not in version["LaunchTemplateData"]
    assert aws.ec2.describe_launch_templates()["LaunchTemplates"][0]["Tags"] == [{"Key": "Name", "Value": "pool"}]


def later_template_version_launches(aws: Moto) -> None:
    _, subnets = aws.make_network()
    data = {"ImageId": IMAGE, "InstanceType": "t3.small"}
    first = {**data, "UserData": base64.b64encode(b"first").decode()}
    aws.ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=first)
    user_data = base64.b64encode(b"second").decode()
    aws.ec2.create_launch_template_version(
        LaunchTemplateName="pool", LaunchTemplateData={**data, "UserData": user_data}
    )
    _make_group(aws, subnets[:1], desired=1)
    instance = _instances_of(aws, "pool")[0]["InstanceId"]
    seen = aws.ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    assert seen["UserData"]["Value"] == user_data


def protected_instance_refuses_to_end(aws: Moto) -> None:
    _, subnets = aws.make_network()
    instance = aws.run_one(subnets[0], DisableApiTermination=True)["InstanceId"]
    seen = aws.ec2.describe_instance_attribute(InstanceId=instance, Attribute="disableApiTermination")
    assert seen["DisableApiTermination"]["Value"] is True
    with pytest.raises(ClientError, match="may not be terminated"):
        aws.ec2.terminate_instances(InstanceIds=[instance])
    aws.ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    aws.ec2.terminate_instances(InstanceIds=[instance])


def machine_without_an_agent_is_not_managed(aws: Moto) -> None:
    _, subnets = aws.make_network()
    machine = aws.run_one(subnets[0])["InstanceId"]
    told = aws.ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [machine]}])
    assert told["InstanceInformationList"] == []


def shutdown_behavior_is_modified_alone(aws: Moto) -> None:
    vpc, subnets = aws.make_network()
    group = aws.ec2.create_security_group(GroupName="deploy", Description="deploy", VpcId=vpc)["GroupId"]
    instance = aws.run_one(subnets[0], SecurityGroupIds=[group])["InstanceId"]
    aws.ec2.modify_instance_attribute(InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    attribute = "instanceInitiatedShutdownBehavior"
    seen = aws.ec2.describe_instance_attribute(InstanceId=instance, Attribute=attribute)
    assert seen["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    kept = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert [one["GroupId"] for one in kept["SecurityGroups"]] == [group]


def reboots_are_remembered_and_start_nothing(aws: Moto) -> None:
    from moto.ec2.models import ec2_backends

    _, subnets = aws.make_network()
    instance = aws.run_one(subnets[0])["InstanceId"]
    held = ec2_backends["123456789012"][REGION].get_instance(instance)
    aws.ec2.reboot_instances(InstanceIds=[instance])
    assert patches.count_reboots(held) == 1
    aws.ec2.stop_instances(InstanceIds=[instance])
    aws.ec2.reboot_instances(InstanceIds=[instance])
    assert (held.state, patches.count_reboots(held)) == ("stopped", 1)


def pool_instances_come_as_the_template_says(aws: Moto) -> None:
    _, subnets = aws.make_network()
    aws.iam.create_instance_profile(InstanceProfileName="internal")
    data = {
        "ImageId": IMAGE,
        "InstanceType": "t3.small",
        "IamInstanceProfile": {"Name": "internal"},
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "Encrypted": True}}],
    }
    aws.ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=data)
    _make_group(aws, subnets, desired=2)
    instances = _instances_of(aws, "pool")
    assert {one["SubnetId"] for one in instances} == set(subnets)
    assert all(one["IamInstanceProfile"]["Arn"].endswith("/internal") for one in instances)
    assert {one["MetadataOptions"]["HttpTokens"] for one in instances} == {"required"}
    assert {volume["Encrypted"] for volume in aws.ec2.describe_volumes()["Volumes"]} == {True}


def quotas_can_be_read(aws: Moto) -> None:
    for service, code in (
        ("vpc", "L-F678F1CE"),
        ("vpc", "L-FE5A380F"),
        ("vpc", "L-E79EC296"),
        ("ec2", "L-0263D0A3"),
        ("ec2", "L-1216C47A"),
        ("elasticloadbalancing", "L-53DA6B97"),
        ("elasticloadbalancing", "L-69A177A2"),
        ("autoscaling", "L-CDE20ADC"),
    ):
        quota = aws.quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
        assert (quota["QuotaCode"], quota["Value"] > 0) == (code, True)
    listed = aws.quotas.list_service_quotas(ServiceCode="ec2")["Quotas"]
    assert "L-1216C47A" in {one["QuotaCode"] for one in listed}


def signed_get_of_a_rest_service_passes(aws: Moto) -> None:
    import boto3
    from moto.core.authorization import enable_iam_authentication

    aws.iam.create_user(UserName="operator")
    key = aws.iam.create_access_key(UserName="operator")["AccessKey"]
    everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    aws.iam.put_user_policy(UserName="operator", PolicyName="all", PolicyDocument=everything)
    with enable_iam_authentication():
        route53 = boto3.client(
            "route53", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        assert route53.list_hosted_zones(MaxItems="5")["HostedZones"] == []


def policy_binds_whom_it_names(aws: Moto) -> None:
    aws.s3.create_bucket(Bucket="cluster", CreateBucketConfiguration={"LocationConstraint": REGION})
    everything = {"Action": "s3:*", "Resource": "arn:aws:s3:::cluster/*"}
    plain_http = {"Bool": {"aws:SecureTransport": "false"}}
    tls_alone = {**everything, "Effect": "Deny", "Principal": "*", "Condition": plain_http}
    locked = {**everything, "Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::cluster/locked/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [tls_alone, locked]})
    aws.s3.put_bucket_policy(Bucket="cluster", Policy=policy)
    aws.s3.put_object(Bucket="cluster", Key="open/key", Body=b"content")
    with pytest.raises(ClientError, match="403"):
        aws.s3.put_object(Bucket="cluster", Key="locked/key", Body=b"content")


def key_signs_the_digest_that_it_is_handed(aws: Moto) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    made = aws.kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    told = aws.kms.get_public_key(KeyId=made["KeyId"])
    assert (told["KeyId"], told["KeySpec"]) == (made["Arn"], "ECC_NIST_P256")
    given = {"KeyId": made["Arn"], "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    digest = hashlib.sha256(b"what was said").digest()
    signature = aws.kms.sign(**given, Message=digest)["Signature"]
    load_der_public_key(told["PublicKey"]).verify(signature, b"what was said", ECDSA(hashes.SHA256()))
    with pytest.raises(ClientError, match="Digest is invalid length"):
        aws.kms.sign(**given, Message=digest[1:])
    with pytest.raises(ClientError, match="UnsupportedOperationException"):
        aws.kms.get_public_key(KeyId=aws.kms.create_key()["KeyMetadata"]["KeyId"])


def tags_are_looked_up_and_not_searched_for(aws: Moto) -> None:
    _, subnets = aws.make_network()
    tags = [{"Key": "Name", "Value": "one"}, {"Key": "role", "Value": "master"}]
    machine = aws.run_one(subnets[0], TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])["InstanceId"]
    searched: list[object] = []
    with mock.patch("moto.ec2.models.tags.TagBackend.describe_tags", lambda *_, **filters: searched.append(filters)):
        told = aws.ec2.describe_instances(Filters=[{"Name": "tag:role", "Values": ["master"]}])
    (found,) = told["Reservations"][0]["Instances"]
    assert (found["InstanceId"], found["Tags"]) == (machine, tags)
    assert searched == []
    told = aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [machine]}])["Tags"]
    assert {one["ResourceType"] for one in told} == {"instance"}


def _make_group(aws: Moto, subnets: list[str], *, desired: int) -> None:
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        MinSize=0,
        MaxSize=5,
        DesiredCapacity=desired,
        VPCZoneIdentifier=",".join(subnets),
        LaunchTemplate={"LaunchTemplateName": "pool", "Version": "$Latest"},
    )


def _instances_of(aws: Moto, group: str) -> list[dict]:
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"][0]
    ids = [one["InstanceId"] for one in found["Instances"]]
    pages = aws.ec2.describe_instances(InstanceIds=ids)["Reservations"]
    return [instance for page in pages for instance in page["Instances"]]


PROMISES: dict[Patch, Callable[[Moto], None]] = {
    patches.VPC_ONLY: network_promises.address_with_tags_is_possible,
    patches.PRIVATE_ZONES: network_promises.zone_with_vpc_is_private,
    patches.ZONE_RECORDS: network_promises.record_is_created_anew_only_when_it_was_deleted,
    patches.TEMPLATE_TAGS: template_tags_stay_outside_its_data,
    patches.TEMPLATE_VERSIONS: later_template_version_launches,
    patches.FLOW_LOG_GROUPS: network_promises.flow_log_is_delivered_to_the_group_that_it_names,
    patches.FREED_ADDRESSES: network_promises.address_of_a_terminated_instance_is_free,
    patches.INTERFACE_GROUPS: network_promises.groups_of_the_interface_are_the_instances,
    patches.GROUP_RULES: network_promises.rule_between_groups_names_their_account_and_tells_its_description,
    patches.HELD_SUBNETS: network_promises.subnet_is_held_by_what_is_in_it,
    patches.TAKEN_ADDRESSES: network_promises.taken_address_is_refused_by_its_code,
    patches.CLASSIC_BALANCERS: network_promises.classic_balancer_has_a_zone_and_keeps_its_draining_time,
    patches.BALANCER_SCHEMES: network_promises.balancer_without_a_scheme_faces_the_internet,
    patches.PUBLIC_ADDRESSES: network_promises.public_addresses_belong_to_nobody_else,
    patches.TERMINATION_PROTECTION: protected_instance_refuses_to_end,
    patches.SHUTDOWN_BEHAVIOR: shutdown_behavior_is_modified_alone,
    patches.REBOOTS: reboots_are_remembered_and_start_nothing,
    patches.POOL_INSTANCES: pool_instances_come_as_the_template_says,
    patches.ENDED_TARGETS: network_promises.instance_that_its_group_ends_is_no_target,
    patches.TARGET_HEALTH: network_promises.target_health_is_what_was_measured,
    patches.QUOTAS: quotas_can_be_read,
    patches.SIGNED_READS: signed_get_of_a_rest_service_passes,
    patches.BUCKET_POLICIES: policy_binds_whom_it_names,
    patches.SSM_INVENTORY: machine_without_an_agent_is_not_managed,
    patches.TAG_LOOKUPS: tags_are_looked_up_and_not_searched_for,
    patches.SIGNING_KEYS: key_signs_the_digest_that_it_is_handed,
}
