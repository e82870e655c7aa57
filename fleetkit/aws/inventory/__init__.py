"""What there is of a cluster on AWS, found by tag, by name and by walking its VPC; and how each thing is removed."""

from __future__ import annotations

from collections.abc import Iterable

from fleetkit.aws.inventory import _ec2, _services
from fleetkit.aws.inventory._removal import remove_thing
from fleetkit.aws.inventory._services import list_unclaimed_target_groups
from fleetkit.aws.inventory.parts import Part, PartKind, remove_rule, take_parts
from fleetkit.aws.inventory.things import Inventory, Thing, ThingKind
from fleetkit.aws.session import AwsSession

__all__ = [
    "Inventory",
    "Part",
    "PartKind",
    "Thing",
    "ThingKind",
    "list_unclaimed_target_groups",
    "remove_rule",
    "remove_thing",
    "take_inventory",
    "take_parts",
]


def take_inventory(session: AwsSession, cluster: str, *, vpc_ids: Iterable[str] = ()) -> Inventory:
    """Find everything of a cluster in the session's region.

    Parameters
    ----------
    session, cluster
        Where to look, and whose things.
    vpc_ids
        VPCs to walk beside those that bear the cluster's tag: all that lies in them is listed, whatever its tags.
        A VPC that the cluster only uses is not the cluster's to empty: do not name it here.

    Raises
    ------
    AwsError
        When any of the reads fails; there is no partial inventory.
    """
    tagged = list(_ec2.list_by_tag(session, cluster))
    walked = frozenset(vpc_ids) | {thing.thing_id for thing in tagged if thing.kind is ThingKind.VPC}
    inside = [thing for vpc_id in sorted(walked) for thing in _ec2.list_in_vpc(session, vpc_id)]
    return Inventory.of(
        cluster,
        [
            *inside,
            *tagged,
            *_services.list_scaling(session, cluster),
            *_services.list_balancing(session, cluster, vpc_ids=walked),
            *_services.list_names(session, cluster, vpc_ids=walked),
            *_services.list_roles(session, cluster),
            *_services.list_log_groups(session, cluster),
        ],
    )
