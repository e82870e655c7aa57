"""What the fidelity patches of networks, security groups and load balancers promise; `patch_promises` lists them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from support.sandbox_moto import IMAGE, REGION, Moto

from fleetkit.sandbox.aws import patches


def address_with_tags_is_possible(aws: Moto) -> None:
    answer = aws.ec2.describe_account_attributes(AttributeNames=["supported-platforms"])
    found = {one["AttributeName"]: one["AttributeValues"] for one in answer["AccountAttributes"]}
    assert found["supported-platforms"] == [{"AttributeValue": "VPC"}]


def zone_with_vpc_is_private(aws: Moto) -> None:
    vpc, _ = aws.make_network()
    zone = aws.route53.create_hosted_zone(
        Name="demo.internal", CallerReference="1", VPC={"VPCRegion": REGION, "VPCId": vpc}
    )["HostedZone"]
    assert zone["Config"]["PrivateZone"] is True
    assert aws.route53.get_hosted_zone(Id=zone["Id"])["VPCs"] == [{"VPCRegion": REGION, "VPCId": vpc}]


def record_is_created_anew_only_when_it_was_deleted(aws: Moto) -> None:
    zone = aws.route53.create_hosted_zone(Name="demo.internal", CallerReference="1")["HostedZone"]["Id"]

    def change(action: str, name: str, address: str = "10.10.0.100") -> None:
        record = {"Name": name, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": address}]}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    for name in ("etcd1.demo.internal", "etcd2.demo.internal"):
        change("CREATE", name)
    for address in ("10.10.0.100", "10.10.0.101"):
        with pytest.raises(ClientError, match="InvalidChangeBatch"):
            change("CREATE", "etcd1.demo.internal", address)
    change("DELETE", "etcd1.demo.internal")
    change("CREATE", "etcd1.demo.internal")
    found = aws.route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    names = [one["Name"] for one in found if one["Type"] == "A"]
    assert names == ["etcd1.demo.internal.", "etcd2.demo.internal."]


def address_of_a_terminated_instance_is_free(aws: Moto) -> None:
    _, subnets = aws.make_network()
    first = aws.run_one(subnets[0], PrivateIpAddress="10.10.0.100")["InstanceId"]
    aws.ec2.terminate_instances(InstanceIds=[first])
    assert aws.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert aws.run_one(subnets[0], PrivateIpAddress="10.10.0.100")["PrivateIpAddress"] == "10.10.0.100"


def groups_of_the_interface_are_the_instances(aws: Moto) -> None:
    vpc, subnets = aws.make_network()
    group = aws.ec2.create_security_group(GroupName="etcd", Description="etcd", VpcId=vpc)["GroupId"]
    instance = aws.ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnets[0], "Groups": [group]}],
    )["Instances"][0]
    assert [one["GroupId"] for one in instance["SecurityGroups"]] == [group]


def rule_between_groups_names_their_account_and_tells_its_description(aws: Moto) -> None:
    vpc, _ = aws.make_network()
    etcd, bastion = (
        aws.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("etcd", "bastion")
    )
    by_id = [{"Name": "group-id", "Values": [etcd]}]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    # As HashiCorp's provider sends it: the account is there, and empty.
    sent = {**rule, "UserIdGroupPairs": [{"GroupId": bastion, "UserId": "", "Description": "ssh"}]}
    aws.ec2.authorize_security_group_ingress(GroupId=etcd, IpPermissions=[sent])
    told = aws.ec2.describe_security_groups(GroupIds=[etcd])["SecurityGroups"][0]["IpPermissions"][0]
    pair = {"GroupId": bastion, "UserId": "123456789012", "Description": "ssh"}
    assert told["UserIdGroupPairs"] == [pair]
    listed = aws.ec2.describe_security_group_rules(Filters=by_id)["SecurityGroupRules"]
    assert [one["Description"] for one in listed if not one["IsEgress"]] == ["ssh"]
    aws.ec2.revoke_security_group_ingress(GroupId=etcd, IpPermissions=[{**rule, "UserIdGroupPairs": [pair]}])
    aws.ec2.authorize_security_group_ingress(GroupId=etcd, IpPermissions=[{**rule, "UserIdGroupPairs": [pair]}])
    aws.ec2.revoke_security_group_ingress(GroupId=etcd, IpPermissions=[sent])


def subnet_is_held_by_what_is_in_it(aws: Moto) -> None:
    _, subnets = aws.make_network()
    gateway = aws.ec2.create_nat_gateway(SubnetId=subnets[1], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    assert [one["RequesterManaged"] for one in aws.ec2.describe_network_interfaces()["NetworkInterfaces"]] == [True]
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    aws.ec2.delete_subnet(SubnetId=subnets[1])
    instance = aws.run_one(subnets[0])["InstanceId"]
    with pytest.raises(ClientError) as refused:
        aws.ec2.delete_subnet(SubnetId=subnets[0])
    assert refused.value.response["Error"]["Code"] == "DependencyViolation"
    aws.ec2.terminate_instances(InstanceIds=[instance])
    aws.ec2.delete_subnet(SubnetId=subnets[0])


def taken_address_is_refused_by_its_code(aws: Moto) -> None:
    _, subnets = aws.make_network()
    aws.run_one(subnets[0], PrivateIpAddress="10.10.0.100")
    with pytest.raises(ClientError) as refused:
        aws.run_one(subnets[0], PrivateIpAddress="10.10.0.100")
    assert refused.value.response["Error"]["Code"] == "InvalidIPAddress.InUse"


def classic_balancer_has_a_zone_and_keeps_its_draining_time(aws: Moto) -> None:
    _, subnets = aws.make_network()
    listener = {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 80}
    aws.elb.create_load_balancer(LoadBalancerName="web", Listeners=[listener], Subnets=subnets)
    for draining in ({"Enabled": True, "Timeout": 60}, {"Enabled": True}):
        aws.elb.modify_load_balancer_attributes(
            LoadBalancerName="web", LoadBalancerAttributes={"ConnectionDraining": draining}
        )
    found = aws.elb.describe_load_balancers()["LoadBalancerDescriptions"][0]
    assert found["CanonicalHostedZoneNameID"]
    attributes = aws.elb.describe_load_balancer_attributes(LoadBalancerName="web")["LoadBalancerAttributes"]
    assert attributes["ConnectionDraining"]["Timeout"] == 60


def balancer_without_a_scheme_faces_the_internet(aws: Moto) -> None:
    _, subnets = aws.make_network()
    aws.elbv2.create_load_balancer(Name="web", Type="network", Subnets=subnets)
    aws.elbv2.create_load_balancer(Name="ui", Type="network", Subnets=subnets, Scheme="internal")
    found = aws.elbv2.describe_load_balancers()["LoadBalancers"]
    assert {one["LoadBalancerName"]: one["Scheme"] for one in found} == {"web": "internet-facing", "ui": "internal"}
    for name, scheme in (("page", "internal"), ("open", "internet-facing")):
        aws.elbv2.create_load_balancer(Name=name, Type="application", Subnets=subnets, Scheme=scheme)
    made = {one["LoadBalancerName"]: one["DNSName"] for one in aws.elbv2.describe_load_balancers()["LoadBalancers"]}
    starts = {name: dns_name.split("-")[0] for name, dns_name in made.items()}
    assert starts == {"web": "web", "ui": "ui", "page": "internal", "open": "open"}


def public_addresses_belong_to_nobody_else(aws: Moto) -> None:
    _, subnets = aws.make_network()
    aws.ec2.modify_subnet_attribute(SubnetId=subnets[0], MapPublicIpOnLaunch={"Value": True})
    elastic = aws.ec2.allocate_address(Domain="vpc")["PublicIp"]
    instance = aws.run_one(subnets[0])["PublicIpAddress"]
    assert elastic.startswith("203.0.113.")
    assert instance.startswith("203.0.113.")
    assert instance != elastic


def target_health_is_what_was_measured(aws: Moto) -> None:
    vpc, subnets = aws.make_network()
    group = aws.elbv2.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc)["TargetGroups"][0]
    arn = group["TargetGroupArn"]
    instance = aws.run_one(subnets[0])["InstanceId"]
    aws.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance}])
    state = patches.TargetState(state="unhealthy", reason="Target.Timeout", description="Request timed out")
    patches.measure_targets_with(lambda group_arn, target: state if (group_arn, target) == (arn, instance) else None)
    try:
        seen = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["TargetHealth"]
    finally:
        patches.measure_targets_with(None)
    assert (seen["State"], seen["Reason"]) == ("unhealthy", "Target.Timeout")


def flow_log_is_delivered_to_the_group_that_it_names(aws: Moto) -> None:
    vpc = aws.ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    aws.logs.create_log_group(logGroupName="/there")
    where = f"arn:aws:logs:{REGION}:123456789012:log-group:"
    for name in ("/there", "/gone"):
        aws.ec2.create_flow_logs(
            ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="cloud-watch-logs",
            LogDestination=f"{where}{name}", DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
        )  # fmt: skip
    told = {one["LogDestination"]: one["DeliverLogsStatus"] for one in aws.ec2.describe_flow_logs()["FlowLogs"]}
    assert told == {f"{where}/there": "SUCCESS", f"{where}/gone": "FAILED"}


def instance_that_its_group_ends_is_no_target(aws: Moto) -> None:
    vpc, subnets = aws.make_network()
    targets = aws.elbv2.create_target_group(Name="pool", Protocol="TCP", Port=80, VpcId=vpc, TargetType="instance")
    arn = targets["TargetGroups"][0]["TargetGroupArn"]
    data = {"ImageId": IMAGE, "InstanceType": "t3.small"}
    aws.ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=data)
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="pool", MinSize=1, MaxSize=2, DesiredCapacity=1, VPCZoneIdentifier=subnets[0],
        LaunchTemplate={"LaunchTemplateName": "pool", "Version": "1"}, TargetGroupARNs=[arn],
    )  # fmt: skip

    def registered() -> set[str]:
        told = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {one["Target"]["Id"] for one in told}

    (first,) = registered()
    aws.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=first, ShouldDecrementDesiredCapacity=False)
    (group,) = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert registered() == {one["InstanceId"] for one in group["Instances"]}
    assert first not in registered()
