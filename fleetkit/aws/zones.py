"""The private zone of a cluster: its records, read whole and changed in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleetkit.aws._errors import asking
from fleetkit.aws.inventory._services import list_names
from fleetkit.aws.session import AwsSession
from fleetkit.core import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef, ResourceRecordSetTypeDef

__all__ = [
    "PrivateZone",
    "RecordChange",
    "ZoneRecord",
    "change_zone_records",
    "find_private_zone",
    "is_zone_in_sync",
    "list_zone_records",
]

_VALUES_AT_ONCE = 1000  # Route 53 API, ChangeResourceRecordSets: at most 1000 ResourceRecord elements in one call
_CHARACTERS_AT_ONCE = 32000  # the same: at most 32000 characters in all their values


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateZone:
    """A private zone; ``name`` is without a dot at its end."""

    zone_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRecord:
    """All values that a zone has for one name and type.

    Attributes
    ----------
    name
        The whole name, without a dot at its end.
    kind
        Its type: A, SRV, TXT, …
    ttl_s
        Seconds for which it may be remembered; 0 for an alias.
    values
        Its values, sorted, as Route 53 has them; empty for an alias.
    is_plain
        Whether it is neither an alias nor one of several that Route 53 chooses among.
    """

    name: str
    kind: str
    ttl_s: int
    values: tuple[str, ...]
    is_plain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What becomes of one record: made where there was none before, removed where there is none after."""

    before: ZoneRecord | None
    after: ZoneRecord | None


def find_private_zone(session: AwsSession, cluster: str, *, name: str) -> PrivateZone:
    """Return a cluster's private zone of a name.

    Raises
    ------
    NotFoundError
        When the cluster has none of that name.
    AwsError
        When AWS cannot be asked.
    """
    found = list(list_names(session, cluster, vpc_ids=frozenset()))
    zone = next((one for one in found if one.name == name), None)
    if zone is None:
        raise NotFoundError(
            f"the cluster {cluster} has no private zone {name!r}",
            known=[one.name for one in found],
            hint=f"fleetkit deploy {cluster} makes it",
        )
    return PrivateZone(zone_id=zone.thing_id, name=zone.name)


def list_zone_records(session: AwsSession, zone: PrivateZone) -> tuple[ZoneRecord, ...]:
    """Return all records of a zone, of all pages, by name and type.

    Raises
    ------
    AwsError
        When a page cannot be read; never the pages before it instead.
    """
    with asking(f"the records of {zone.name}"):
        pages = session.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone.zone_id)
        found = [_read(record) for page in pages for record in page["ResourceRecordSets"]]
    return tuple(sorted(found, key=lambda one: (one.name, one.kind)))


def change_zone_records(
    session: AwsSession, zone: PrivateZone, groups: Sequence[Sequence[RecordChange]], *, comment: str
) -> tuple[str, ...]:
    """Change records, and return the ids of the changes, by which Route 53 tells when its servers have them.

    A record is changed only while it is as it was: it is removed as it was and made anew in the same piece, so that
    Route 53 refuses the piece where somebody else has changed it.

    Parameters
    ----------
    groups
        Changes that belong together, and come all or none. All groups come in one piece where they fit into one.

    Raises
    ------
    AwsError
        When Route 53 refuses, also because a record is another by now; nothing of that piece was changed.
    """
    ids = []
    for batch in _fit([[part for one in group for part in _write(one)] for group in groups]):
        with asking(f"the change of {len(batch)} records of {zone.name}"):
            answer = session.route53.change_resource_record_sets(
                HostedZoneId=zone.zone_id, ChangeBatch={"Comment": comment, "Changes": batch}
            )
        ids.append(answer["ChangeInfo"]["Id"].rpartition("/")[2])
    return tuple(ids)


def is_zone_in_sync(session: AwsSession, change_id: str) -> bool:
    """Return whether all of Route 53's servers have a change.

    Raises
    ------
    AwsError
        When AWS cannot be asked.
    """
    with asking(f"the change {change_id}"):
        return session.route53.get_change(Id=change_id)["ChangeInfo"]["Status"] == "INSYNC"


def _read(record: Any) -> ZoneRecord:
    return ZoneRecord(
        name=record["Name"].rstrip("."),
        kind=record["Type"],
        ttl_s=record.get("TTL", 0),
        values=tuple(sorted(one["Value"] for one in record.get("ResourceRecords", []))),
        is_plain="AliasTarget" not in record and "SetIdentifier" not in record,
    )


def _write(change: RecordChange) -> list[ChangeTypeDef]:
    found: list[ChangeTypeDef] = []
    if change.before is not None:
        found.append({"Action": "DELETE", "ResourceRecordSet": _as_route53_has_it(change.before)})
    if change.after is not None:
        found.append({"Action": "CREATE", "ResourceRecordSet": _as_route53_has_it(change.after)})
    return found


def _as_route53_has_it(record: ZoneRecord) -> ResourceRecordSetTypeDef:
    return {
        "Name": f"{record.name}.",
        "Type": record.kind,  # type: ignore[typeddict-item]  # read from Route 53 itself, or one of its types
        "TTL": record.ttl_s,
        "ResourceRecords": [{"Value": value} for value in record.values],
    }


def _fit(groups: Sequence[list[ChangeTypeDef]]) -> list[list[ChangeTypeDef]]:
    """Put groups together into as few pieces as Route 53 takes."""
    batches: list[list[ChangeTypeDef]] = []
    values = characters = 0
    for group in filter(None, groups):
        records: list[Any] = [record for part in group for record in part["ResourceRecordSet"]["ResourceRecords"]]
        more_values, more_characters = len(records), sum(len(record["Value"]) for record in records)
        if not batches or values + more_values > _VALUES_AT_ONCE or characters + more_characters > _CHARACTERS_AT_ONCE:
            batches.append([])
            values = characters = 0
        batches[-1] += group
        values, characters = values + more_values, characters + more_characters
    return batches
