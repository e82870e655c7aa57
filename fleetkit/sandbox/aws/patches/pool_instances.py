"""Instances of an auto scaling group come as its launch template says, spread over its subnets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["POOL_INSTANCES"]


def _wrap_launch(original: Callable[..., None]) -> Callable[..., None]:
    def replace_autoscaling_group_instances(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
        if self.ec2_launch_template is None or not self.vpc_zone_identifier:
            original(self, count_needed, propagated_tags)
            return
        for _ in range(count_needed):
            _launch_one(self, propagated_tags)

    return replace_autoscaling_group_instances


def _next_subnet(group: Any) -> str:
    """Return the group's subnet with the fewest of its instances, in the group's order."""
    subnets: list[str] = [one.strip() for one in group.vpc_zone_identifier.split(",")]
    used = Counter(state.instance.subnet_id for state in group.instance_states)
    return min(subnets, key=lambda subnet: used[subnet])


def _launch_one(group: Any, propagated_tags: dict[str, str]) -> None:
    from moto.autoscaling.models import ASG_NAME_TAG, InstanceState

    ec2 = group.autoscaling_backend.ec2_backend
    version = group.ec2_launch_template.get_version(group.launch_template_version)
    reservation = ec2.run_instances(
        version.image_id,
        1,
        version.user_data,
        [],
        instance_type=version.instance_type,
        is_instance_type_default=False,
        launch_template={"LaunchTemplateId": group.ec2_launch_template.id, "Version": version.number},
        subnet_id=_next_subnet(group),
        tags={
            "instance": {**propagated_tags, **version.instance_tags, ASG_NAME_TAG: group.name},
            "volume": _volume_tags(version.data),
        },
        region_name=group.region,
        **_template_arguments(version.data),
    )
    instance = reservation.instances[0]
    profile = version.data.get("IamInstanceProfile") or {}
    if profile:
        ec2.associate_iam_instance_profile(
            instance_id=instance.id,
            iam_instance_profile_name=profile.get("Name"),
            iam_instance_profile_arn=profile.get("Arn"),
        )
    instance.autoscaling_group = group
    protected = group.new_instances_protected_from_scale_in
    group.instance_states.append(InstanceState(instance, protected_from_scale_in=protected))


def _volume_tags(data: dict[str, Any]) -> dict[str, str]:
    return {
        tag["Key"]: tag["Value"]
        for one in data.get("TagSpecifications") or []
        if one.get("ResourceType") == "volume"
        for tag in one.get("Tags") or []
    }


def _template_arguments(data: dict[str, Any]) -> dict[str, Any]:
    """Translate what a template says into what moto's ``run_instances`` takes."""
    primary: dict[str, Any] = next(iter(data.get("NetworkInterfaces") or []), {})
    arguments: dict[str, Any] = {
        "associate_public_ip": primary.get("AssociatePublicIpAddress"),
        "metadata_options": data.get("MetadataOptions") or {},
        "monitoring_state": "enabled" if (data.get("Monitoring") or {}).get("Enabled") else "disabled",
        "security_group_ids": list(primary.get("Groups") or data.get("SecurityGroupIds") or []),
    }
    if data.get("BlockDeviceMappings"):
        # Without it moto adds a volume of its own, unencrypted, that no template asked for.
        arguments["block_device_mappings"] = [
            {**mapping, "Ebs": dict(mapping.get("Ebs") or {})} for mapping in data["BlockDeviceMappings"]
        ]
    return arguments


def _wrap_capacity(original: Callable[..., None]) -> Callable[..., None]:
    def set_desired_capacity(self: Any, new_capacity: int | None) -> None:
        before = {state.instance.id for state in getattr(self, "instance_states", [])}
        original(self, new_capacity)
        gone = before - {state.instance.id for state in self.instance_states}
        if gone:
            self.autoscaling_backend.elbv2_backend.notify_terminate_instances(sorted(gone))

    return set_desired_capacity


def _wrap_notify(original: Callable[..., None]) -> Callable[..., None]:
    def notify_terminate_instances(self: Any, instance_ids: list[str]) -> None:
        original(self, instance_ids)
        for name in list(self.autoscaling_groups):
            self.update_attached_target_groups(name)

    return notify_terminate_instances


def _wrap_version(_original: property) -> property:
    def launch_template(self: Any) -> dict[str, Any] | None:
        template = self.auto_scaling_group.ec2_launch_template
        if template is None:
            return None
        tags = {tag["key"]: tag["value"] for tag in self.instance.get_tags()}
        version = tags.get("aws:ec2launchtemplate:version", str(template.default_version_number))
        return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": version}

    return property(launch_template)


_GROUP = "moto.autoscaling.models:FakeAutoScalingGroup"

POOL_INSTANCES = Patch(
    name="pool-instances",
    promise="a pool's instances have the template's version, profile, metadata options and volumes, spread over zones",
    replacements=(
        Replacement(target=f"{_GROUP}.replace_autoscaling_group_instances", digest="e32e15774ef5", wrap=_wrap_launch),
        Replacement(target=f"{_GROUP}.set_desired_capacity", digest="4a026bb5666e", wrap=_wrap_capacity),
        Replacement(
            target="moto.autoscaling.models:AutoScalingBackend.notify_terminate_instances",
            digest="728751d320fa",
            wrap=_wrap_notify,
        ),
        Replacement(
            target="moto.autoscaling.models:InstanceState.launch_template", digest="e1529155f4e1", wrap=_wrap_version
        ),
    ),
)
