"""Facts of load balancers and their targets for an audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from fleetkit import aws, checks
from fleetkit.core import call_each

__all__ = ["read_settings", "read_target_groups", "tell_balancers"]

_NAMES = {"web": "public-web", "internal": "internal-web", "etcd-ui": "etcd-browser", "ssh": "internal-ssh"}
"""Short names, which AWS wants shorter than people do, to what they are called elsewhere."""


def tell_balancers(balancers: Iterable[aws.LoadBalancer], *, cluster: str) -> tuple[checks.BalancerFact, ...]:
    """Return load balancers as facts."""
    return tuple(
        checks.BalancerFact(
            arn=one.arn,
            resource=_name(one.name, cluster),
            kind=one.kind,
            faces_internet=one.faces_internet,
            group_ids=one.group_ids,
        )
        for one in balancers
    )


def read_settings(
    session: aws.AwsSession, balancers: Collection[aws.LoadBalancer]
) -> dict[str, checks.BalancerSettingsFact]:
    """Return ARN of each load balancer to how it is set up."""
    by_arn = {one.arn: one for one in balancers}
    found = call_each(list(by_arn), lambda arn: aws.read_balancer_settings(session, by_arn[arn]))
    for error in found.failed.values():
        raise error
    return {
        arn: checks.BalancerSettingsFact(
            access_logs=its.access_logs,
            cross_zone=its.cross_zone,
            listeners=tuple(
                checks.ListenerFact(
                    protocol=one.protocol, port=one.port, policy=one.policy, sends_to_tls=one.sends_to_tls
                )
                for one in its.listeners
            ),
        )
        for arn, its in found.ok.items()
    }


def read_target_groups(session: aws.AwsSession, *, cluster: str, vpc_id: str) -> tuple[checks.TargetGroupFact, ...]:
    """Return the cluster's target groups, with how their targets are."""
    groups = {one.arn: one for one in aws.list_load_balancer_targets(session, cluster, vpc_id=vpc_id)}
    found = call_each(list(groups), lambda arn: aws.read_target_settings(session, arn))
    for error in found.failed.values():
        raise error
    return tuple(
        checks.TargetGroupFact(
            arn=arn,
            resource=_name(groups[arn].name, cluster),
            states=dict(Counter(one.state for one in groups[arn].targets)),
            draining_s=its.draining_s,
            cross_zone=its.cross_zone,
            target_ids=(all_ids := frozenset(one.target_id for one in groups[arn].targets)),
            healthy_ids=all_ids - {one.target_id for one in groups[arn].targets if one.state != "healthy"},
        )
        for arn, its in found.ok.items()
    )


def _name(name: str, cluster: str) -> str:
    short = name.removeprefix(f"{cluster}-")
    return _NAMES.get(short, short)
