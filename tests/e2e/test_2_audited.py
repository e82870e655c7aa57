"""A fresh cluster meets each demand of an audit; made wrong in one way, that alone is what the audit finds."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from support.e2e_world import CLUSTER, TAG, World

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

WORLD = "0.0.0.0/0"
ACCESS_KEY = "AKIA" + "Q7" * 8
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"
BEHIND_THE_BASTION = ("etcd-members-agree", "etcd-strained", "etcd-tls-and-certificates")
OLD_IMAGE = "ami-0f1a7ca2459325000"
"""The sandbox's Flatcar of May 2026, three months behind its newest."""
Found: TypeAlias = set[tuple[str, str]]
Fault: TypeAlias = Callable[[World], AbstractContextManager[Found]]


def audit(world: World, *words: str) -> dict[str, Any]:
    return dict(world.fleetkit("audit", CLUSTER, "--json", *words).json())


def amiss(told: dict[str, Any]) -> Found:
    """Return which checks fail, or cannot tell, on which resource."""
    return {(one["check"], one["resource"]) for one in told["results"] if one["state"] in ("failed", "unknown")}


def group_of(world: World, role: str) -> str:
    filters = [{"Name": "tag:fleetkit:cluster", "Values": [CLUSTER]}, {"Name": "tag:fleetkit:role", "Values": [role]}]
    (group,) = world.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return str(group["GroupId"])


def default_group(world: World) -> str:
    filters = [{"Name": "vpc-id", "Values": [world.vpc_id()]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = world.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return str(group["GroupId"])


@contextmanager
def rule(world: World, group: str, first: int, last: int, *, cidr: str = "", peer: str = "") -> Iterator[None]:
    """Let somebody in for a while."""
    others: dict[str, Any] = {"IpRanges": [{"CidrIp": cidr}]} if cidr else {"UserIdGroupPairs": [{"GroupId": peer}]}
    permission = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, **others}
    ec2 = world.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])


def opened(check: str, role: str, first: int, last: int, *, cidr: str = "", peer: str = "", told: str = "") -> Fault:
    @contextmanager
    def make(world: World) -> Iterator[Found]:
        with rule(world, group_of(world, role), first, last, cidr=cidr, peer=group_of(world, peer) if peer else ""):
            yield {(check, one) for one in (told or role).split()}

    return make


@contextmanager
def default_group_opened(world: World) -> Iterator[Found]:
    group = default_group(world)
    with rule(world, group, 443, 443, peer=group):
        yield {("default-security-group-open", "default")}


@contextmanager
def group_forgotten(world: World) -> Iterator[Found]:
    ec2 = world.client("ec2")
    tags = [{"Key": "fleetkit:cluster", "Value": CLUSTER}]
    group = ec2.create_security_group(
        GroupName="forgotten", Description="forgotten", VpcId=world.vpc_id(),
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )["GroupId"]  # fmt: skip
    try:
        yield {("security-group-unused", "forgotten")}
    finally:
        ec2.delete_security_group(GroupId=group)


@contextmanager
def flow_log_deleted(world: World) -> Iterator[Found]:
    ec2 = world.client("ec2")
    (log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [world.vpc_id()]}])["FlowLogs"]
    ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"]])
    try:
        yield {("vpc-flow-logs", "vpc")}
    finally:
        world.fleetkit("deploy", CLUSTER, "--approve", CLUSTER).must(0)


@contextmanager
def subnet_giving_addresses(world: World) -> Iterator[Found]:
    ec2 = world.client("ec2")
    subnet = world.instances_of("master")[0]["SubnetId"]
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    name = next(one["Value"] for one in found["Tags"] if one["Key"] == "Name")
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    try:
        yield {("subnet-gives-public-address", name.removeprefix(f"{CLUSTER}-"))}
    finally:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})


@contextmanager
def master_made_public(world: World) -> Iterator[Found]:
    with public_address(world, world.instances_of("master")[0]["InstanceId"]):
        yield {("masters-survive-zone", "etcd1")}


@contextmanager
def public_address(world: World, machine: str) -> Iterator[None]:
    """Give a machine a public address for a while."""
    ec2 = world.client("ec2")
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=machine)
    try:
        yield
    finally:
        ec2.disassociate_address(AssociationId=made["AssociationId"])
        ec2.release_address(AllocationId=address["AllocationId"])


@contextmanager
def operator_moved(world: World) -> Iterator[Found]:
    group = group_of(world, "bastion")
    ec2 = world.client("ec2")
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    (ssh,) = [one for one in found["IpPermissions"] if one.get("FromPort") == 22]
    plain = {name: ssh[name] for name in ("IpProtocol", "FromPort", "ToPort", "IpRanges")}
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[plain])
    try:
        with rule(world, group, 22, 22, cidr="192.0.2.0/24"):
            # Who is not let in cannot tell either what lies behind the bastion.
            yield {("operator-address-stale", "bastion"), *((check, CLUSTER) for check in BEHIND_THE_BASTION)}
    finally:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[plain])


@contextmanager
def without_waiver(world: World, check: str) -> Iterator[None]:
    """Take the waivers of a check out of the cluster file for a while."""
    text = world.file.read_text(encoding="utf-8")
    shorter = re.sub(rf'(?ms)^\[\[waivers\]\]\n(?:(?!^\[).)*?^check = "{check}"$(?:(?!^\[).)*', "", text)
    assert shorter != text
    world.file.write_text(shorter, encoding="utf-8")
    try:
        yield
    finally:
        world.file.write_text(text, encoding="utf-8")


def not_waived(check: str) -> Fault:
    """Return that what is waived of a check is not waived any more: it fails on a fresh cluster by decision."""

    @contextmanager
    def make(world: World) -> Iterator[Found]:
        waived = {one["resource"] for one in audit(world, "--check", check)["results"] if one["state"] == "waived"}
        assert waived
        with without_waiver(world, check):
            yield {(check, one) for one in waived}

    return make


@contextmanager
def metadata_without_tokens(world: World) -> Iterator[Found]:
    ec2, worker = world.client("ec2"), world.instances_of("public")[0]["InstanceId"]
    ec2.modify_instance_metadata_options(InstanceId=worker, HttpTokens="optional")
    try:
        yield {("instance-metadata-v2", f"public {worker}")}
    finally:
        ec2.modify_instance_metadata_options(InstanceId=worker, HttpTokens="required")


@contextmanager
def plain_volume(world: World) -> Iterator[Found]:
    ec2, worker = world.client("ec2"), world.instances_of("public")[0]
    zone = worker["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1, Encrypted=False)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=worker["InstanceId"], Device="/dev/xvdz")
    try:
        yield {("volume-encrypted", f"public {worker['InstanceId']} {volume}")}
    finally:
        ec2.detach_volume(VolumeId=volume, InstanceId=worker["InstanceId"], Device="/dev/xvdz")
        ec2.delete_volume(VolumeId=volume)


@contextmanager
def master_unprotected(world: World) -> Iterator[Found]:
    ec2, master = world.client("ec2"), world.instances_of("master")[0]["InstanceId"]
    ec2.modify_instance_attribute(InstanceId=master, DisableApiTermination={"Value": False})
    try:
        yield {("master-termination-protection", "etcd1")}
    finally:
        ec2.modify_instance_attribute(InstanceId=master, DisableApiTermination={"Value": True})


@contextmanager
def worker_made_public(world: World) -> Iterator[Found]:
    worker = world.instances_of("public")[0]["InstanceId"]
    with public_address(world, worker):
        yield {("public-address-beyond-bastion", f"public {worker}")}


@contextmanager
def pool_in_one_zone(world: World) -> Iterator[Found]:
    scaling = world.client("autoscaling")
    groups = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    (group,) = [one for one in groups if one["AutoScalingGroupName"] == f"{CLUSTER}-internal"]
    name, subnets = group["AutoScalingGroupName"], group["VPCZoneIdentifier"]
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, VPCZoneIdentifier=subnets.split(",")[0])
    try:
        yield {("pool-scaling-group", "internal: zones")}
    finally:
        scaling.update_auto_scaling_group(AutoScalingGroupName=name, VPCZoneIdentifier=subnets)


@contextmanager
def logs_turned_off(world: World) -> Iterator[Found]:
    elb = world.client("elbv2")
    arn = elb.describe_load_balancers(Names=[f"{CLUSTER}-web"])["LoadBalancers"][0]["LoadBalancerArn"]

    def turn(value: str) -> None:
        attributes = [{"Key": "access_logs.s3.enabled", "Value": value}]
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)

    turn("false")
    try:
        yield {("load-balancer-access-logs", "public-web")}
    finally:
        turn("true")


@contextmanager
def targets_cut_off(world: World) -> Iterator[Found]:
    elb = world.client("elbv2")
    arn = elb.describe_target_groups(Names=[f"{CLUSTER}-web"])["TargetGroups"][0]["TargetGroupArn"]

    def wait(seconds: str) -> None:
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": seconds}]
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)

    wait("0")
    try:
        yield {("load-balancer-balances-and-drains", "targets of public-web")}
    finally:
        wait("60")


def extra_machine(check: str, *, image: str = "", user_data: str = "", told: str = "") -> Fault:
    """Return that somebody starts one more machine in the cluster's name."""

    @contextmanager
    def make(world: World) -> Iterator[Found]:
        ec2, master = world.client("ec2"), world.instances_of("master")[0]
        made = ec2.run_instances(
            ImageId=image or master["ImageId"], InstanceType="t3.small", MinCount=1, MaxCount=1,
            SubnetId=master["SubnetId"], SecurityGroupIds=[group_of(world, "internal")], UserData=user_data,
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeSize": 8}}],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": TAG, "Value": CLUSTER}]}],
        )["Instances"][0]["InstanceId"]  # fmt: skip
        try:
            yield {(check, told or f"machine {made}")}
        finally:
            ec2.terminate_instances(InstanceIds=[made])

    return make


@contextmanager
def second_access_key(world: World) -> Iterator[Found]:
    iam = world.client("iam")
    key = iam.create_access_key(UserName="operator")["AccessKey"]["AccessKeyId"]
    try:
        yield {("access-key-old", "operator")}
    finally:
        iam.delete_access_key(UserName="operator", AccessKeyId=key)


@contextmanager
def role_made_admin(world: World) -> Iterator[Found]:
    iam = world.client("iam")
    profile = world.instances_of("public")[0]["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    (role,) = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="more", PolicyDocument=json.dumps(everything))
    try:
        yield {("instance-role-admin", "public")}
    finally:
        iam.delete_role_policy(RoleName=role["RoleName"], PolicyName="more")


@contextmanager
def text_put_into(path: Path, text: str) -> Iterator[None]:
    """Put a text at the end of a file for a while, or into one that is made for it."""
    before = path.read_bytes() if path.exists() else None
    path.write_bytes((before or b"") + text.encode())
    try:
        yield
    finally:
        path.unlink() if before is None else path.write_bytes(before)


@contextmanager
def key_put_into_state(world: World) -> Iterator[Found]:
    with text_put_into(world.file.with_suffix("") / "terraform" / "terraform.tfstate", KEY):
        yield {("secret-in-state-or-record", "terraform.tfstate")}


@contextmanager
def key_put_into_variables(world: World) -> Iterator[Found]:
    with text_put_into(world.file.with_suffix("") / "terraform" / "mine.auto.tfvars", f'key = "{ACCESS_KEY}"'):
        yield {("static-key-in-variables", "mine.auto.tfvars")}


def shell(world: World, member: str, script: str) -> str:
    """Run a script as root on the machine of a member."""
    return world.fleetkit("machines", "ssh", CLUSTER, member, "--", "sudo", "sh", "-c", script).must(0).out


@contextmanager
def certificate_that_ends_soon(world: World) -> Iterator[Found]:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=10)
    good = (world.pki / "members" / "etcd2" / "server.crt").read_bytes()
    try:
        put_certificate(world, reissue(world, good, until=soon))
        yield {("etcd-tls-and-certificates", "etcd2")}
    finally:
        put_certificate(world, good)


def put_certificate(world: World, pem: bytes) -> None:
    coded = base64.b64encode(pem).decode()
    # Written in place: etcd reads it anew for each who calls.
    shell(world, "etcd2", f"echo {coded} | base64 -d > /etc/etcd/pki/server.crt")


def reissue(world: World, pem: bytes, *, until: dt.datetime) -> bytes:
    """Return a certificate as it is, but for when it ends."""
    old = x509.load_pem_x509_certificate(pem)
    signer = serialization.load_pem_private_key((world.pki / "ca.key").read_bytes(), None)
    made = x509.CertificateBuilder(
        issuer_name=old.issuer, subject_name=old.subject, public_key=old.public_key(),
        serial_number=x509.random_serial_number(), not_valid_before=old.not_valid_before_utc, not_valid_after=until,
        extensions=list(old.extensions),
    )  # fmt: skip
    return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]


@contextmanager
def member_never_started(world: World) -> Iterator[Found]:
    told = world.etcdctl("member", "add", "ghost", "--learner", "--peer-urls=https://10.10.3.250:2380").must(0).out
    ghost = re.search(r"Member\s+([0-9a-f]+) added", told)
    assert ghost is not None
    try:
        yield {("etcd-members-agree", f"etcd{number}") for number in (1, 2, 3)}
    finally:
        world.etcdctl("member", "remove", ghost[1]).must(0)


@contextmanager
def alarm_raised(world: World) -> Iterator[Found]:
    told = world.fleetkit("etcd", "status", CLUSTER, "--json").must(0).json()["members"]
    (member,) = (one["member_id"] for one in told if one["name"] == "etcd3")
    pki = "/etc/fleet/pki"
    body = json.dumps({"action": "ACTIVATE", "memberID": int(member, 16), "alarm": "NOSPACE"})
    url = "https://127.0.0.1:2379/v3/maintenance/alarm"
    certificates = f"--cacert {pki}/ca.crt --cert {pki}/client.crt --key {pki}/client.key"
    shell(world, "etcd3", f"curl --silent --fail {certificates} --data '{body}' {url}")
    try:
        yield {("etcd-strained", "etcd3")}
    finally:
        world.etcdctl("alarm", "disarm").must(0)


FAULTS: dict[str, Fault] = {
    "security-group-open-to-world": opened("security-group-open-to-world", "public", 0, 65535, cidr=WORLD),
    "ssh-open-to-world": opened("ssh-open-to-world", "bastion", 22, 22, cidr=WORLD),
    "etcd-ports-open": opened("etcd-ports-open", "master", 2379, 2379, cidr="10.0.0.0/8"),
    "etcd-legacy-ports-open": opened("etcd-legacy-ports-open", "master", 4001, 4001, peer="internal"),
    "inner-load-balancer-faces-internet": opened(
        "inner-load-balancer-faces-internet", "lb-ui", 80, 80, cidr=WORLD, told="etcd-browser fleet-ui"
    ),
    "published-ports-open-to-world": opened("published-ports-open-to-world", "public", 40000, 40000, cidr=WORLD),
    "default-security-group-open": default_group_opened,
    "security-group-unused": group_forgotten,
    "network-acl-open": not_waived("network-acl-open"),
    "subnet-gives-public-address": subnet_giving_addresses,
    "masters-survive-zone": master_made_public,
    "operator-address-stale": operator_moved,
    "instance-metadata-v2": metadata_without_tokens,
    "volume-encrypted": plain_volume,
    "master-termination-protection": master_unprotected,
    "public-address-beyond-bastion": worker_made_public,
    "key-pair-shared-by-roles": not_waived("key-pair-shared-by-roles"),
    "pool-scaling-group": pool_in_one_zone,
    "load-balancer-access-logs": logs_turned_off,
    "load-balancer-tls-listener": not_waived("load-balancer-tls-listener"),
    "load-balancer-balances-and-drains": targets_cut_off,
    "load-balancer-no-healthy-target": not_waived("load-balancer-no-healthy-target"),
    "vpc-flow-logs": flow_log_deleted,
    "user-data-secret": extra_machine("user-data-secret", user_data="DB_PASSWORD=hunter2hunter2"),
    "user-data-registry-or-key": extra_machine("user-data-registry-or-key", user_data=KEY),
    "image-outdated": extra_machine("image-outdated", image=OLD_IMAGE, told=OLD_IMAGE),
    "instance-managed-by-ssm": not_waived("instance-managed-by-ssm"),
    "pool-desired-healthy-registered": not_waived("pool-desired-healthy-registered"),
    "access-key-old": second_access_key,
    "instance-role-admin": role_made_admin,
    "terraform-state-local": not_waived("terraform-state-local"),
    "secret-in-state-or-record": key_put_into_state,
    "static-key-in-variables": key_put_into_variables,
    "etcd-tls-and-certificates": certificate_that_ends_soon,
    "etcd-members-agree": member_never_started,
    "etcd-strained": alarm_raised,
    "etcd-backup-and-drill": not_waived("etcd-backup-and-drill"),
    "backup-bucket-protected": not_waived("backup-bucket-protected"),
}


def test_a_fresh_cluster_meets_all_demands_but_those_that_are_waived(world: World) -> None:
    told = world.fleetkit("audit", CLUSTER, "--json").must(0).json()
    assert amiss(told) == set()
    assert told["waivers"] == []
    assert {one["check"] for one in told["results"]} == FAULTS.keys()
    assert sum(told["calls"].values()) <= told["budget"]


@pytest.mark.parametrize("check", FAULTS)
def test_one_fault_is_one_finding(world: World, check: str) -> None:
    with FAULTS[check](world) as expected:
        ended = world.fleetkit("audit", CLUSTER, "--json").must(1 if check == "operator-address-stale" else 3)
        assert amiss(ended.json()) == expected
    assert amiss(audit(world, "--check", check)) == set()
