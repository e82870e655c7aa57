"""Where each fact comes from, and what whoever reads it has to be allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["FACT_SOURCES", "FactSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSource:
    """Where a fact comes from.

    Attributes
    ----------
    what
        What it is, as a noun.
    permissions
        Actions of AWS that reading it takes, as policies name them; none where AWS is not asked.
        What comes through the way in takes the operator's certificate and key besides.
    """

    what: str
    permissions: tuple[str, ...] = ()


_GROUPS = "ec2:DescribeSecurityGroups"
"""By them the cluster's VPC is found."""
_MACHINES = "ec2:DescribeInstances"
_BALANCERS = ("elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags")
_BUCKET = (
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
)
_SUBNETS = ("ec2:DescribeRouteTables", _GROUPS, "ec2:DescribeSubnets")

FACT_SOURCES: Mapping[str, FactSource] = {
    "groups": FactSource(
        what="security groups with their rules",
        permissions=(_MACHINES, _GROUPS, "ec2:GetManagedPrefixListEntries", *_BALANCERS),
    ),
    "wearers": FactSource(
        what="who wears which security group",
        permissions=(_MACHINES, "ec2:DescribeNetworkInterfaces", _GROUPS, *_BALANCERS),
    ),
    "subnets": FactSource(what="subnets", permissions=(_MACHINES, *_SUBNETS)),
    "acls": FactSource(what="network ACLs", permissions=(_MACHINES, "ec2:DescribeNetworkAcls", *_SUBNETS)),
    "flow_logs": FactSource(what="flow logs of the VPC", permissions=("ec2:DescribeFlowLogs", _GROUPS)),
    "machines": FactSource(what="machines", permissions=(_MACHINES,)),
    "balancers": FactSource(what="load balancers", permissions=(_GROUPS, *_BALANCERS)),
    "balancer_settings": FactSource(
        what="settings of load balancers",
        permissions=(
            _GROUPS,
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
        ),
    ),
    "target_groups": FactSource(
        what="target groups, and how their targets are",
        permissions=(
            _GROUPS,
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ),
    ),
    "volumes": FactSource(what="volumes of machines", permissions=(_MACHINES, "ec2:DescribeVolumes")),
    "pools": FactSource(what="scaling groups", permissions=("autoscaling:DescribeAutoScalingGroups",)),
    "protection": FactSource(
        what="termination protection of masters", permissions=("ec2:DescribeInstanceAttribute", _MACHINES)
    ),
    "given": FactSource(
        what="user data of machines and launch templates",
        permissions=(
            "autoscaling:DescribeAutoScalingGroups",
            "ec2:DescribeInstanceAttribute",
            _MACHINES,
            "ec2:DescribeLaunchTemplateVersions",
        ),
    ),
    "images": FactSource(what="images of machines", permissions=("ec2:DescribeImages", _MACHINES)),
    "managed": FactSource(
        what="machines that Systems Manager hears of", permissions=(_MACHINES, "ssm:DescribeInstanceInformation")
    ),
    "registered": FactSource(what="machines that fleet has", permissions=(_MACHINES,)),
    "caller": FactSource(what="access keys of whoever asks", permissions=("iam:ListAccessKeys",)),
    "roles": FactSource(
        what="roles of machines",
        permissions=(
            _MACHINES,
            "iam:GetInstanceProfile",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
        ),
    ),
    "state": FactSource(what="where Terraform's state lies", permissions=_BUCKET),
    "kept": FactSource(what="state and records", permissions=("s3:GetObject",)),
    "variables": FactSource(what="files that tell Terraform of the cluster"),
    "tls": FactSource(what="certificates of members", permissions=(_MACHINES,)),
    "members": FactSource(what="what members tell of each other", permissions=(_MACHINES,)),
    "strain": FactSource(what="metrics and alarms of members", permissions=(_MACHINES,)),
    "backups": FactSource(what="backups of etcd", permissions=("s3:GetObject", "s3:ListBucket")),
    "backup_bucket": FactSource(
        what="how the bucket of backups is set up", permissions=("s3:GetObject", "s3:ListBucket", *_BUCKET)
    ),
    "operator_address": FactSource(what="the public address of this computer"),
}
"""Name of each fact to where it comes from."""
