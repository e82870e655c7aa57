"""A record that a zone has is not created once more, and one that it had and has no more is.

moto refuses by a journal of what was ever asked for, and takes any record that comes later in the alphabet for the
one that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import Patch, Replacement

__all__ = ["ZONE_RECORDS"]


def _wrap(original: Callable[..., None]) -> Callable[..., None]:
    def change_resource_record_sets(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        from moto.route53.exceptions import ResourceRecordAlreadyExists

        zone = self.get_hosted_zone(zoneid)
        there = {(one.name.strip("."), one.type, one.set_identifier) for one in zone.rrsets}
        for change in change_list:
            record = change["ResourceRecordSet"]
            key = (record["Name"].strip("."), record["Type"], record.get("SetIdentifier"))
            if change["Action"] == "DELETE":
                there.discard(key)
            elif change["Action"] == "CREATE":
                if key in there:
                    raise ResourceRecordAlreadyExists(name=f"{key[0]}.", _type=key[1])
                # The journal may know it from before it was deleted.
                while change in zone.rr_changes:
                    zone.rr_changes.remove(change)
        original(self, zoneid, change_list)

    return change_resource_record_sets


ZONE_RECORDS = Patch(
    name="zone-records",
    promise="a record that was deleted can be created anew, and one that is there cannot",
    replacements=(
        Replacement(
            target="moto.route53.models:Route53Backend.change_resource_record_sets",
            digest="b76a48a1a7ef",
            wrap=_wrap,
        ),
    ),
)
