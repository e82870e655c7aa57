"""Which machines AWS Systems Manager has in its inventory."""

from __future__ import annotations

from collections.abc import Iterable

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["list_managed"]

_VALUES_AT_ONCE = 100  # Systems Manager API, InstanceInformationStringFilter: at most 100 values


def list_managed(session: AwsSession, instance_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some machines whose agent Systems Manager has heard of."""
    wanted, managed = sorted(set(instance_ids)), set()
    for start in range(0, len(wanted), _VALUES_AT_ONCE):
        some = wanted[start : start + _VALUES_AT_ONCE]
        with asking("the machines that Systems Manager manages"):
            pages = session.ssm.get_paginator("describe_instance_information").paginate(
                Filters=[{"Key": "InstanceIds", "Values": some}]
            )
            managed |= {one["InstanceId"] for page in pages for one in page["InstanceInformationList"]}
    return frozenset(managed)
