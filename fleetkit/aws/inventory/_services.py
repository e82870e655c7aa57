"""Finding the things that other services than EC2 keep: scaling groups, load balancers, zones, roles, log groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fleetkit.aws._errors import asking
from fleetkit.aws._tags import cluster_filter, read_tags
from fleetkit.aws.inventory.things import Thing, ThingKind
from fleetkit.aws.session import CLUSTER_TAG, AwsSession

__all__ = [
    "list_balancing",
    "list_log_groups",
    "list_names",
    "list_roles",
    "list_scaling",
    "list_unclaimed_target_groups",
]

_BALANCERS_AT_ONCE = 20  # Elastic Load Balancing API, DescribeTags
_ZONES_AT_ONCE = 10  # Route 53 API, ListTagsForResources


def list_scaling(session: AwsSession, cluster: str) -> Iterator[Thing]:
    """Yield the cluster's auto scaling groups."""
    with asking(f"the auto scaling groups tagged {cluster}"):
        pages = session.autoscaling.get_paginator("describe_auto_scaling_groups").paginate(
            Filters=cluster_filter(cluster)
        )
        found = [group for page in pages for group in page["AutoScalingGroups"]]
    for group in found:
        name = group["AutoScalingGroupName"]
        yield Thing(
            kind=ThingKind.AUTO_SCALING_GROUP,
            thing_id=name,
            name=name,
            state=group.get("Status", ""),
            cluster=cluster,
        )


def list_balancing(session: AwsSession, cluster: str, *, vpc_ids: frozenset[str]) -> Iterator[Thing]:
    """Yield load balancers and target groups that bear the cluster's tag or lie in one of its VPCs."""
    client = session.elbv2
    with asking(f"the load balancers tagged {cluster}"):
        pages = client.get_paginator("describe_load_balancers").paginate()
        balancers = [item for page in pages for item in page["LoadBalancers"]]
        group_pages = client.get_paginator("describe_target_groups").paginate()
        groups = [item for page in group_pages for item in page["TargetGroups"]]
        arns = [item["LoadBalancerArn"] for item in balancers] + [item["TargetGroupArn"] for item in groups]
        tags = {arn: held.get(CLUSTER_TAG, "") for arn, held in _read_balancing_tags(session, arns).items()}
    things = [
        *(
            Thing(
                kind=ThingKind.LOAD_BALANCER,
                thing_id=item["LoadBalancerArn"],
                name=item["LoadBalancerName"],
                state=item["State"].get("Code", ""),
                cluster=tags.get(item["LoadBalancerArn"], ""),
                vpc_id=item.get("VpcId", ""),
            )
            for item in balancers
        ),
        *(
            Thing(
                kind=ThingKind.TARGET_GROUP,
                thing_id=item["TargetGroupArn"],
                name=item["TargetGroupName"],
                cluster=tags.get(item["TargetGroupArn"], ""),
                vpc_id=item.get("VpcId", ""),
            )
            for item in groups
        ),
    ]
    yield from (thing for thing in things if thing.cluster == cluster or thing.vpc_id in vpc_ids)


def list_unclaimed_target_groups(session: AwsSession, vpc_id: str) -> tuple[Thing, ...]:
    """Return the target groups of a VPC that bear no tag at all and serve no load balancer, whosoever they are.

    So a creation leaves one that is cut off between AWS provider 3.39's two calls, the one that makes the group and
    the one that tags it.
    """
    with asking(f"the target groups of {vpc_id}"):
        pages = session.elbv2.get_paginator("describe_target_groups").paginate()
        idle = {
            item["TargetGroupArn"]: item["TargetGroupName"]
            for page in pages
            for item in page["TargetGroups"]
            if item.get("VpcId") == vpc_id and not item.get("LoadBalancerArns")
        }
        tags = _read_balancing_tags(session, list(idle))
    return tuple(
        Thing(kind=ThingKind.TARGET_GROUP, thing_id=arn, name=name, vpc_id=vpc_id)
        for arn, name in idle.items()
        if not tags.get(arn)
    )


def _read_balancing_tags(session: AwsSession, arns: list[str]) -> dict[str, Mapping[str, str]]:
    return {
        part["ResourceArn"]: read_tags(part.get("Tags", []))
        for start in range(0, len(arns), _BALANCERS_AT_ONCE)
        for part in session.elbv2.describe_tags(ResourceArns=arns[start : start + _BALANCERS_AT_ONCE])[
            "TagDescriptions"
        ]
    }


def list_names(session: AwsSession, cluster: str, *, vpc_ids: frozenset[str]) -> Iterator[Thing]:
    """Yield private zones that bear the cluster's tag, or serve one of its VPCs, in the session's region.

    Zones are global: the cluster of the same name in another region keeps its own.
    """
    client = session.route53
    with asking(f"the hosted zones tagged {cluster}"):
        pages = client.get_paginator("list_hosted_zones").paginate()
        zones = {
            zone["Id"].rpartition("/")[2]: (zone["Name"], zone.get("Config", {}).get("Comment", ""))
            for page in pages
            for zone in page["HostedZones"]
            if zone.get("Config", {}).get("PrivateZone")
        }
        tags: dict[str, str] = {}
        ids = list(zones)
        for start in range(0, len(ids), _ZONES_AT_ONCE):
            answer = client.list_tags_for_resources(
                ResourceType="hostedzone", ResourceIds=ids[start : start + _ZONES_AT_ONCE]
            )
            for part in answer["ResourceTagSets"]:
                tags[part["ResourceId"]] = read_tags(part.get("Tags", [])).get(CLUSTER_TAG, "")
        for zone_id, (name, comment) in zones.items():
            # A zone gets its tags only when Route 53 has spread it; until then its comment says whose it is.
            owner = tags.get(zone_id) or (cluster if comment == f"Private names of cluster {cluster}" else "")
            served: list[Any] = client.get_hosted_zone(Id=zone_id).get("VPCs", [])
            here = [vpc["VPCId"] for vpc in served if vpc.get("VPCRegion") == session.region]
            ours = owner == cluster and (here or not served)
            if ours or vpc_ids.intersection(here):
                yield Thing(
                    kind=ThingKind.HOSTED_ZONE,
                    thing_id=zone_id,
                    name=name.rstrip("."),
                    cluster=owner,
                    vpc_id=here[0] if here else "",
                )


def list_roles(session: AwsSession, cluster: str) -> Iterator[Thing]:
    """Yield roles and instance profiles of the cluster in the session's region.

    IAM is global and cannot be asked by tag; their names hold the cluster and the region, and nobody else's do.
    """
    prefix = f"fleetkit-{cluster}-{session.region}-"
    with asking(f"the instance profiles {prefix}*"):
        profile_pages = session.iam.get_paginator("list_instance_profiles").paginate()
        profiles = [item["InstanceProfileName"] for page in profile_pages for item in page["InstanceProfiles"]]
    with asking(f"the roles {prefix}*"):
        role_pages = session.iam.get_paginator("list_roles").paginate()
        roles = [item["RoleName"] for page in role_pages for item in page["Roles"]]
    for kind, names in ((ThingKind.INSTANCE_PROFILE, profiles), (ThingKind.ROLE, roles)):
        yield from (
            Thing(kind=kind, thing_id=name, name=name, cluster=cluster) for name in names if name.startswith(prefix)
        )


def list_log_groups(session: AwsSession, cluster: str) -> Iterator[Thing]:
    """Yield log groups that bear the cluster's tag or its name."""
    with asking(f"the log groups /fleetkit/{cluster}/*"):
        pages = session.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/fleetkit/{cluster}/")
        named = {group["logGroupName"] for page in pages for group in page["logGroups"]}
    with asking(f"the log groups tagged {cluster}"):
        # An account may have hundreds of thousands of log groups; this service alone finds them by tag.
        paginator: Any = session.client("resourcegroupstaggingapi").get_paginator("get_resources")
        tagged_pages = paginator.paginate(
            TagFilters=[{"Key": CLUSTER_TAG, "Values": [cluster]}], ResourceTypeFilters=["logs"]
        )
        arns = [item["ResourceARN"] for page in tagged_pages for item in page["ResourceTagMappingList"]]
    # arn:aws:logs:REGION:ACCOUNT:log-group:NAME
    tagged = {arn.split(":log-group:", 1)[1].removesuffix(":*") for arn in arns if ":log-group:" in arn}
    for name in sorted(named | tagged):
        yield Thing(kind=ThingKind.LOG_GROUP, thing_id=name, name=name, cluster=cluster)
