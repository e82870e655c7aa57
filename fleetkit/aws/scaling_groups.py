"""The auto scaling groups that keep a cluster's pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.session import ROLE_TAG, AwsSession
from fleetkit.core import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef, LaunchTemplateSpecificationTypeDef

__all__ = [
    "ScalingGroup",
    "ScalingMember",
    "find_scaling_group",
    "list_scaling_groups",
    "replace_scaling_member",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingMember:
    """A machine as its auto scaling group sees it; ``template`` is the version of the launch template that made it."""

    instance_id: str
    zone: str
    lifecycle: str
    healthy: bool
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingGroup:
    """An auto scaling group: what is wanted, and what there is.

    Attributes
    ----------
    template
        The version of the launch template that makes machines now.
    template_id
        The launch template; empty where something else makes machines.
    more_template_ids
        Launch templates that make machines of some types in its place.
    zones
        In which machines are made.
    health_check
        Who says that a machine is not well: ``EC2``, or ``ELB`` for its load balancer too.
    target_groups
        ARNs of the target groups that its machines are put into.
    """

    name: str
    role: str
    minimum: int
    maximum: int
    desired: int
    members: tuple[ScalingMember, ...]
    tags: dict[str, str]
    template: str = ""
    template_id: str = ""
    zones: tuple[str, ...] = ()
    health_check: str = ""
    target_groups: tuple[str, ...] = ()
    more_template_ids: tuple[str, ...] = ()

    @property
    def outdated(self) -> tuple[ScalingMember, ...]:
        """The machines that another version of the launch template made than the one that makes them now.

        Where the group names no version, such as ``$Latest``, nobody can tell, and none is.
        """
        return tuple(one for one in self.members if self.template.isdigit() and one.template != self.template)

    @property
    def in_service(self) -> int:
        """How many machines are in service and healthy."""
        return sum(member.healthy and member.lifecycle == "InService" for member in self.members)


def list_scaling_groups(session: AwsSession, cluster: str) -> tuple[ScalingGroup, ...]:
    """Return the auto scaling groups of a cluster, by role."""
    with asking(f"the auto scaling groups of {cluster}"):
        pages = session.autoscaling.get_paginator("describe_auto_scaling_groups").paginate(
            Filters=cluster_filter(cluster)
        )
        groups = [_read_group(group) for page in pages for group in page["AutoScalingGroups"]]
    return tuple(sorted(groups, key=lambda group: (group.role, group.name)))


def find_scaling_group(session: AwsSession, cluster: str, *, role: str) -> ScalingGroup:
    """Return the auto scaling group of a cluster's pool.

    Raises
    ------
    NotFoundError
        When there is none of that role; names those that are.
    """
    groups = list_scaling_groups(session, cluster)
    for group in groups:
        if group.role == role:
            return group
    raise NotFoundError(
        f"{cluster} has no pool {role!r}",
        known=[one.role for one in groups],
        hint=None if groups else f"is it deployed? fleetkit inspect {cluster}",
    )


def replace_scaling_member(session: AwsSession, instance_id: str) -> None:
    """End a machine of an auto scaling group, which makes another one in its place."""
    with asking(f"the end of {instance_id}"):
        session.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=False
        )


def _read_template(group: AutoScalingGroupTypeDef) -> LaunchTemplateSpecificationTypeDef:
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
    return group.get("LaunchTemplate") or mixed


def _read_more_templates(group: AutoScalingGroupTypeDef) -> tuple[str, ...]:
    overrides = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("Overrides", [])
    found = {one.get("LaunchTemplateSpecification", {}).get("LaunchTemplateId", "") for one in overrides}
    return tuple(sorted(found - {""}))


def _read_group(group: AutoScalingGroupTypeDef) -> ScalingGroup:
    tags = read_tags(group.get("Tags", []))
    return ScalingGroup(
        name=group["AutoScalingGroupName"],
        role=tags.get(ROLE_TAG, ""),
        minimum=group["MinSize"],
        maximum=group["MaxSize"],
        desired=group["DesiredCapacity"],
        members=tuple(
            ScalingMember(
                instance_id=member["InstanceId"],
                zone=member["AvailabilityZone"],
                lifecycle=member["LifecycleState"],
                healthy=member["HealthStatus"].upper() == "HEALTHY",
                template=member.get("LaunchTemplate", {}).get("Version", ""),
            )
            for member in sorted(group.get("Instances", []), key=lambda member: member["InstanceId"])
        ),
        tags=tags,
        template=group.get("LaunchTemplate", {}).get("Version", ""),
        template_id=_read_template(group).get("LaunchTemplateId", ""),
        more_template_ids=_read_more_templates(group),
        zones=tuple(group.get("AvailabilityZones", [])),
        health_check=group.get("HealthCheckType", ""),
        target_groups=tuple(group.get("TargetGroupARNs", [])),
    )
