"""Tags, as AWS's services write them, and the filter by which a cluster's things are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fleetkit.aws.session import CLUSTER_TAG

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

__all__ = ["cluster_filter", "read_tags"]


def read_tags(tags: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return ``[{"Key": …, "Value": …}]`` as a plain mapping."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags}


def cluster_filter(cluster: str | None) -> list[FilterTypeDef]:
    """Return the filter that lets through the things of ``cluster``; everything where it is None."""
    return [] if cluster is None else [{"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster]}]
