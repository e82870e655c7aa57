"""Instances boot from their user data, with their role and by the network's rules; what is missing breaks them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.sandbox_network import BUCKET, OBJECT, Network, ignition

from fleetkit.core import NotYet, Patience, wait_until
from fleetkit.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

_PATIENCE = Patience(deadline_s=30, interval_s=0.1)
_FETCH = """#!/bin/bash
set -euo pipefail
IMDS=http://169.254.169.254/latest
TOKEN=$(curl -sf -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $IMDS/api/token)
get() { curl -sf -m 5 -H "X-aws-ec2-metadata-token: $TOKEN" "$IMDS/meta-data/$1"; }
ROLE=$(get iam/security-credentials/)
HELD=$(get iam/security-credentials/$ROLE)
field() { sed -n 's/.*"'"$1"'": *"\\([^"]*\\)".*/\\1/p' <<<"$HELD"; }
curl -sSf -m 6 --aws-sigv4 aws:amz:us-west-2:s3 --user "$(field AccessKeyId):$(field SecretAccessKey)" \\
  -H "x-amz-security-token: $(field Token)" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \\
  -o /etc/fetched "https://s3.us-west-2.amazonaws.com/%s/%s"
"""
_UNIT = """[Unit]
Description=fetch
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/opt/bin/fetch
[Install]
WantedBy=multi-user.target
"""
_WEB = """[Unit]
Description=web
[Service]
ExecStart=/usr/bin/env python3 -m http.server --directory /srv 8000
[Install]
WantedBy=multi-user.target
"""
FETCHING = ignition(files={"/opt/bin/fetch": _FETCH % (BUCKET, OBJECT)}, units={"fetch.service": _UNIT})


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with Sandbox(tmp_path_factory.mktemp("s")) as sandbox:
        yield Network(sandbox).make()


def root_of(network: Network, instance: str) -> Path:
    report = network.report(instance)
    assert report is not None
    return Path(report["log"]).parent / "root"


def fetch_ended(network: Network, instance: str) -> str:
    """Wait until the fetch unit has ended, and return what its journal says."""
    network.wait_state(instance, "running", "failed")
    journal = root_of(network, instance) / "var/log/journal/fetch.service.log"

    def look() -> str | NotYet[str]:
        text = journal.read_text() if journal.exists() else ""
        return text if "Finished" in text or "Failed" in text else NotYet(text)

    return wait_until(look, what="the fetch to end", patience=_PATIENCE)


def test_a_machine_fetches_with_its_role_and_dies_with_its_instance(network: Network) -> None:
    instance = network.run(FETCHING)
    assert "Finished" in fetch_ended(network, instance)
    root = root_of(network, instance)
    assert (root / "etc/fetched").read_text() == "from the bucket\n"
    network.client("ec2").terminate_instances(InstanceIds=[instance])
    wait_until(
        lambda: NotYet("its root is there") if root.exists() else True, what="the machine to go", patience=_PATIENCE
    )
    assert network.report(instance) is None


def without_grant(network: Network) -> Callable[[], None]:
    network.client("iam").delete_role_policy(RoleName="master", PolicyName="fetch")
    return network.grant


def without_object(network: Network) -> Callable[[], None]:
    network.client("s3").delete_object(Bucket=BUCKET, Key=OBJECT)
    return lambda: network.client("s3").put_object(Bucket=BUCKET, Key=OBJECT, Body=b"from the bucket\n")


_EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def without_egress(network: Network) -> Callable[[], None]:
    ec2, group = network.client("ec2"), network.made["group"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=_EVERYTHING)
    return lambda: ec2.authorize_security_group_egress(GroupId=group, IpPermissions=_EVERYTHING)


def without_route(network: Network) -> Callable[[], None]:
    ec2 = network.client("ec2")
    table = network.made[f"table {network.made['private']}"]
    nat = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    return lambda: ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)


def without_role(network: Network) -> Callable[[], None]:
    iam = network.client("iam")
    iam.remove_role_from_instance_profile(InstanceProfileName="master", RoleName="master")
    return lambda: iam.add_role_to_instance_profile(InstanceProfileName="master", RoleName="master")


@pytest.mark.parametrize(
    ("take_away", "seen"),
    [
        (without_grant, "403"),
        (without_object, "40"),
        (without_egress, "timed out"),
        (without_route, "timed out"),
        (without_role, "Failed"),
    ],
)
def test_a_fetch_fails_for_want_of(
    network: Network, take_away: Callable[[Network], Callable[[], None]], seen: str
) -> None:
    restore = take_away(network)
    try:
        instance = network.run(FETCHING)
        journal = fetch_ended(network, instance)
        assert "Failed" in journal
        assert seen in journal
        assert not (root_of(network, instance) / "etc/fetched").exists()
    finally:
        restore()
        network.client("ec2").terminate_instances(InstanceIds=[instance])


def test_a_broken_ignition_fails_the_machine_with_the_reason(network: Network) -> None:
    instance = network.run('{"ignition": {"version": "9.9.9"}}')
    report = network.wait_state(instance, "failed")
    assert "9.9.9" in report["failure"]
    network.client("ec2").terminate_instances(InstanceIds=[instance])


def test_a_stopped_instance_stops_its_machine_and_a_started_one_keeps_its_disk(network: Network) -> None:
    ec2 = network.client("ec2")
    instance = network.run(FETCHING)
    fetch_ended(network, instance)
    (root_of(network, instance) / "etc/kept").write_text("kept")
    ec2.stop_instances(InstanceIds=[instance])
    network.wait_state(instance, "stopped")
    ec2.start_instances(InstanceIds=[instance])
    network.wait_state(instance, "running")
    assert (root_of(network, instance) / "etc/kept").read_text() == "kept"
    ec2.terminate_instances(InstanceIds=[instance])


def test_an_instance_that_is_rebooted_boots_its_machine_again_from_its_disk(network: Network) -> None:
    instance = network.run(FETCHING)
    fetch_ended(network, instance)
    root = root_of(network, instance)
    (root / "etc/kept").write_text("kept")
    (root / "etc/fetched").unlink()
    network.client("ec2").reboot_instances(InstanceIds=[instance])
    wait_until(
        lambda: True if (root / "etc/fetched").exists() else NotYet("not yet"), what="a boot", patience=_PATIENCE
    )
    assert network.wait_state(instance, "running")["failure"] is None
    assert (root / "etc/kept").read_text() == "kept"
    network.client("ec2").terminate_instances(InstanceIds=[instance])


def ssh(network: Network, address: str, folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Enter a machine by its public address, as the sandbox's ssh_config leads there."""
    known = folder / "known_hosts"
    command = ["/usr/bin/ssh", "-F", str(network.sandbox.folder.ssh_config), "-o", f"UserKnownHostsFile={known}"]
    command += ["-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes", "-o", "ConnectTimeout=4"]
    return subprocess.run(
        [*command, f"ubuntu@{address}", *argv], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL
    )


def test_a_bastion_is_entered_by_its_public_address_while_the_rule_allows_it(network: Network, tmp_path: Path) -> None:
    ec2, group = network.client("ec2"), network.made["group"]
    rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.7/32"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    instance = network.run("#!/bin/bash\necho hello > /etc/hello\n", subnet="public", owner="099720109477")
    address = network.wait_state(instance, "running")["public_address"]
    entered = ssh(network, address, tmp_path, "cat", "/etc/hello")
    assert entered.stdout == "hello\n", entered.stderr
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    wait_until(
        lambda: NotYet("it still lets in") if ssh(network, address, tmp_path, "true").returncode == 0 else True,
        what="the rule to be gone",
        patience=_PATIENCE,
    )
    ec2.terminate_instances(InstanceIds=[instance])


def test_a_balancer_forwards_to_what_is_healthy_and_says_what_is_not(network: Network) -> None:
    ec2, elb = network.client("ec2"), network.client("elbv2")
    group, vpc = network.made["group"], network.made["vpc"]
    front = ec2.create_security_group(GroupName="front", Description="front", VpcId=vpc)["GroupId"]
    anywhere = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=front, IpPermissions=anywhere)
    pair = [{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "UserIdGroupPairs": [{"GroupId": front}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pair)
    serving = network.run(ignition(files={"/srv/index.html": "served"}, units={"web.service": _WEB}))
    silent = network.run(ignition())
    for one in (serving, silent):
        network.wait_state(one, "running")
    arn = elb.create_load_balancer(
        Name="web", Subnets=[network.made["public"]], SecurityGroups=[front], Type="network"
    )["LoadBalancers"][0]["LoadBalancerArn"]
    target_group = elb.create_target_group(
        Name="web",
        Protocol="TCP",
        Port=8000,
        VpcId=vpc,
        HealthCheckIntervalSeconds=10,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": serving}, {"Id": silent}])
    elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
    )

    def states() -> dict[str, str]:
        found = elb.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}

    expected = {serving: "healthy", silent: "unhealthy"}
    wait_until(lambda: True if (now := states()) == expected else NotYet(str(now)), what="health", patience=_PATIENCE)
    (door,) = [one for one in network.sandbox.status()["public"] if one["port"] == 80]
    page = subprocess.run(["/usr/bin/curl", "-sf", f"http://{door['local']}/"], capture_output=True, text=True)
    assert page.stdout == "served"
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=pair)
    wait_until(
        lambda: True if states()[serving] == "unhealthy" else NotYet(str(states())),
        what="a target without its rule to be unhealthy",
        patience=Patience(deadline_s=60, interval_s=0.5),
    )


def test_programs_in_the_vpn_reach_what_admits_their_range(network: Network) -> None:
    ec2, group = network.client("ec2"), network.made["group"]
    instance = network.run(ignition(files={"/srv/index.html": "served"}, units={"web.service": _WEB}))
    address = network.wait_state(instance, "running")["address"]
    command = ["/usr/bin/curl", "-sf", "-m", "2", f"http://{address}:8000/"]
    assert network.sandbox.run(command).returncode != 0
    rule = [{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": [{"CidrIp": "10.8.0.0/24"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    wait_until(
        lambda: True if network.sandbox.run(command).stdout == b"served" else NotYet("no answer"),
        what="the way from the VPN",
        patience=_PATIENCE,
    )
