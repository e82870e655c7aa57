"""Which machines AWS Systems Manager hears of."""

from __future__ import annotations

from collections.abc import Iterable

from fleetkit.aws._batches import split_values
from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["list_managed"]

_VALUES_AT_ONCE = 100  # Systems Manager API, InstanceInformationStringFilter: at most 100 values
_HEARD = "Online"
_PAGE = 50  # Systems Manager API, DescribeInstanceInformation: at most 50 in one answer, 10 where none is named


def list_managed(session: AwsSession, instance_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some machines whose agent Systems Manager hears of; it keeps those that fell silent as well."""
    managed: set[str] = set()
    for some in split_values(instance_ids, at_once=_VALUES_AT_ONCE):
        with asking("the machines that Systems Manager manages"):
            pages = session.ssm.get_paginator("describe_instance_information").paginate(
                Filters=[{"Key": "InstanceIds", "Values": some}], PaginationConfig={"PageSize": _PAGE}
            )
            managed |= {
                one["InstanceId"]
                for page in pages
                for one in page["InstanceInformationList"]
                if one.get("PingStatus") == _HEARD
            }
    return frozenset(managed)
