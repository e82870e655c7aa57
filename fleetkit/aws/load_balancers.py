"""The load balancers of a cluster, their target groups, and the health that each target is judged to have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._errors import asking
from fleetkit.aws._tags import read_tags
from fleetkit.aws.session import CLUSTER_TAG, AwsSession
from fleetkit.core import call_each

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import ActionOutputTypeDef, ListenerTypeDef

__all__ = [
    "BalancerSettings",
    "Listener",
    "LoadBalancer",
    "Target",
    "TargetGroup",
    "TargetSettings",
    "list_load_balancer_targets",
    "list_load_balancers",
    "read_balancer_settings",
    "read_target_settings",
]

_TLS = ("HTTPS", "TLS")
_TAGS_AT_ONCE = 20  # Elastic Load Balancing API, DescribeTags: at most 20 resources in one call


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """A load balancer.

    Attributes
    ----------
    kind
        ``network`` or ``application``.
    faces_internet
        Whether its addresses are public.
    group_ids
        The security groups that it wears.
    """

    name: str
    arn: str
    dns_name: str
    kind: str
    state: str
    tags: dict[str, str]
    vpc_id: str = ""
    faces_internet: bool = False
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What a load balancer listens on.

    Attributes
    ----------
    policy
        Which TLS it speaks; empty where none.
    sends_to_tls
        Whether it sends whoever asks to HTTPS, whatever is asked for: by its default action and by each of its rules.
    """

    protocol: str
    port: int
    policy: str
    sends_to_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSettings:
    """How a load balancer is set up.

    Attributes
    ----------
    access_logs
        Whether it is to write access logs.
    cross_zone
        Whether it sends to targets of every zone; an application load balancer always does.
    """

    access_logs: bool
    cross_zone: bool
    listeners: tuple[Listener, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One registered target; ``state`` is AWS's word: healthy, unhealthy, initial, draining, unused, unavailable."""

    target_id: str
    port: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """A target group with its targets, by id; ``load_balancers`` are the names of those that use it."""

    name: str
    arn: str
    protocol: str
    port: int
    load_balancers: tuple[str, ...]
    targets: tuple[Target, ...]
    tags: dict[str, str]

    @property
    def healthy(self) -> int:
        """How many targets are healthy."""
        return sum(target.state == "healthy" for target in self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """How a target group is set up.

    Attributes
    ----------
    draining_s
        Seconds for which a target that leaves still answers what it has begun.
    cross_zone
        Whether its targets are sent what comes into other zones; None where the load balancer decides.
    """

    draining_s: int
    cross_zone: bool | None


def list_load_balancers(
    session: AwsSession, cluster: str | None = None, *, vpc_id: str = ""
) -> tuple[LoadBalancer, ...]:
    """Return load balancers by name: a cluster's, or all of the region.

    Parameters
    ----------
    vpc_id
        Only those in this VPC; AWS is asked for the tags of no others.
    """
    with asking(f"the load balancers of {cluster or session.region}"):
        pages = session.elbv2.get_paginator("describe_load_balancers").paginate()
        found = [
            balancer
            for page in pages
            for balancer in page["LoadBalancers"]
            if not vpc_id or balancer.get("VpcId") == vpc_id
        ]
        tags = _tags(session, [balancer["LoadBalancerArn"] for balancer in found])
    return tuple(
        LoadBalancer(
            name=balancer["LoadBalancerName"],
            arn=balancer["LoadBalancerArn"],
            dns_name=balancer["DNSName"],
            kind=balancer["Type"],
            state=balancer["State"].get("Code", ""),
            tags=tags[balancer["LoadBalancerArn"]],
            vpc_id=balancer.get("VpcId", ""),
            faces_internet=balancer.get("Scheme") == "internet-facing",
            group_ids=tuple(balancer.get("SecurityGroups", [])),
        )
        for balancer in sorted(found, key=lambda balancer: balancer["LoadBalancerName"])
        if cluster is None or tags[balancer["LoadBalancerArn"]].get(CLUSTER_TAG) == cluster
    )


def read_balancer_settings(session: AwsSession, balancer: LoadBalancer) -> BalancerSettings:
    """Return how a load balancer is set up."""
    with asking(f"the settings of the load balancer {balancer.name}"):
        # This call has no pages.
        told = session.elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer.arn)["Attributes"]
        pages = session.elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=balancer.arn)
        found = [listener for page in pages for listener in page["Listeners"]]
        redirecting = {listener.get("ListenerArn", "") for listener in found if _sends_to_tls(session, listener)}
    values = {one.get("Key", ""): one.get("Value", "") for one in told}
    listeners = [
        Listener(
            protocol=one.get("Protocol", ""),
            port=one.get("Port", 0),
            policy=one.get("SslPolicy", "") if one.get("Protocol") in _TLS else "",
            sends_to_tls=one.get("ListenerArn", "") in redirecting,
        )
        for one in found
    ]
    return BalancerSettings(
        access_logs=values.get("access_logs.s3.enabled") == "true",
        cross_zone=balancer.kind == "application" or values.get("load_balancing.cross_zone.enabled") == "true",
        listeners=tuple(sorted(listeners, key=lambda one: one.port)),
    )


def _sends_to_tls(session: AwsSession, listener: ListenerTypeDef) -> bool:
    """Return whether a listener redirects to HTTPS; its rules are asked for only where its default action does."""
    if not _redirects(listener.get("DefaultActions", [])):
        return False
    pages = session.elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener.get("ListenerArn", ""))
    return all(_redirects(rule.get("Actions", [])) for page in pages for rule in page["Rules"])


def _redirects(actions: Iterable[ActionOutputTypeDef]) -> bool:
    return any(action.get("RedirectConfig", {}).get("Protocol") == "HTTPS" for action in actions)


def read_target_settings(session: AwsSession, group_arn: str) -> TargetSettings:
    """Return how a target group is set up."""
    with asking(f"the settings of the target group {group_arn}"):
        # This call has no pages.
        told = session.elbv2.describe_target_group_attributes(TargetGroupArn=group_arn)["Attributes"]
    values = {one.get("Key", ""): one.get("Value", "") for one in told}
    crosses = values.get("load_balancing.cross_zone.enabled", "")
    return TargetSettings(
        draining_s=int(values.get("deregistration_delay.timeout_seconds", "0")),
        # Its third value, use_load_balancer_configuration, is as good as none.
        cross_zone={"true": True, "false": False}.get(crosses),
    )


def list_load_balancer_targets(session: AwsSession, cluster: str, *, vpc_id: str = "") -> tuple[TargetGroup, ...]:
    """Return the target groups of a cluster with the health of each target, by name.

    Parameters
    ----------
    vpc_id
        Only those in this VPC; AWS is asked for the tags of no others.
    """
    with asking(f"the target groups of {cluster}"):
        pages = session.elbv2.get_paginator("describe_target_groups").paginate()
        found = [
            group for page in pages for group in page["TargetGroups"] if not vpc_id or group.get("VpcId") == vpc_id
        ]
        tags = _tags(session, [group["TargetGroupArn"] for group in found])
    ours = {
        group["TargetGroupArn"]: group
        for group in sorted(found, key=lambda group: group["TargetGroupName"])
        if tags[group["TargetGroupArn"]].get(CLUSTER_TAG) == cluster
    }
    targets = call_each(list(ours), lambda arn: _targets(session, arn, ours[arn]["TargetGroupName"]))
    for error in targets.failed.values():
        raise error
    return tuple(
        TargetGroup(
            name=group["TargetGroupName"],
            arn=arn,
            protocol=group.get("Protocol", ""),
            port=group.get("Port", 0),
            # The ARN's third part is the name: …:loadbalancer/net/NAME/ID.
            load_balancers=tuple(sorted(arn.split("/")[2] for arn in group.get("LoadBalancerArns", []))),
            targets=targets.ok[arn],
            tags=tags[arn],
        )
        for arn, group in ours.items()
    )


def _targets(session: AwsSession, arn: str, name: str) -> tuple[Target, ...]:
    with asking(f"the health of the targets of {name}"):
        # This call has no pages.
        found = session.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    targets = [
        Target(
            target_id=item["Target"]["Id"],
            port=item["Target"].get("Port", 0),
            state=item["TargetHealth"].get("State", "unknown"),
            reason=item["TargetHealth"].get("Description") or item["TargetHealth"].get("Reason", ""),
        )
        for item in found
    ]
    return tuple(sorted(targets, key=lambda target: (target.target_id, target.port)))


def _tags(session: AwsSession, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = {arn: {} for arn in arns}
    for start in range(0, len(arns), _TAGS_AT_ONCE):
        answer = session.elbv2.describe_tags(ResourceArns=list(arns[start : start + _TAGS_AT_ONCE]))
        for item in answer["TagDescriptions"]:
            tags[item["ResourceArn"]] = read_tags(item.get("Tags", []))
    return tags
