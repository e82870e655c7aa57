"""All that an account holds of a cluster, against Terraform's state: nothing outside, nothing missing, no double.

What is not counted one by one is what belongs to something that is: a pool's machines, a machine's disk and interface.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from fleetkit import aws
from fleetkit.aws import AwsSession, Part, PartKind, Thing, ThingKind
from fleetkit.workflows._adoptable import PARTS, THINGS

__all__ = ["compare_account", "read_state", "things_outside"]

_OWN_RECORDS = {"NS", "SOA"}


def read_state(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return type and attributes of each object in a state file, without asking Terraform.

    There are none where it is not there, or where a kill has cut it off.
    """
    try:
        resources = json.loads(file.read_text())["resources"]
    except (FileNotFoundError, ValueError):
        return []
    return [
        (resource["type"], instance["attributes"])
        for resource in resources
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    ]


def things_outside(session: AwsSession, cluster: str, state_file: Path) -> list[Thing]:
    """Return what bears the cluster's tag or name, or lies in its VPC, and is not in the state file."""
    known = {key for one in read_state(state_file) for key in _names(*one)}
    return [one for one in _standing(session, cluster) if (one.kind, one.thing_id) not in known]


def compare_account(session: AwsSession, cluster: str, state_file: Path) -> list[str]:
    """Return each difference between the account and the state file, as words."""
    state = read_state(state_file)
    things = _standing(session, cluster)
    there = {(one.kind, one.thing_id) for one in things}
    told = [f"outside the state: {one}" for one in things_outside(session, cluster, state_file)]
    told += [
        f"missing on AWS: {kind} {attributes['id']}"
        for kind, attributes in state
        if kind in THINGS and not there.intersection(_names(kind, attributes))
    ]
    twice = Counter((one.kind, one.name) for one in things if one.name)
    told += [f"twice on AWS: {kind} {name}" for (kind, name), count in twice.items() if count > 1]
    ids = Counter((kind, str(attributes["id"])) for kind, attributes in state)
    told += [f"twice in the state: {kind} {name}" for (kind, name), count in ids.items() if count > 1]
    return told + _compare_parts(aws.take_parts(session, things), state)


def _standing(session: AwsSession, cluster: str) -> list[Thing]:
    found = aws.take_inventory(session, cluster).things
    machines = {one.thing_id for one in found if one.kind is ThingKind.INSTANCE}
    volumes = session.ec2.describe_volumes()["Volumes"]
    disks = {
        one["VolumeId"]
        for one in volumes
        if any(part["InstanceId"] in machines and part["State"] == "attached" for part in one["Attachments"])
    }
    return [
        one
        for one in found
        if not one.managed and not one.keeper and one.thing_id not in disks and one.state != "terminated"
    ]


def _names(kind: str, attributes: dict[str, Any]) -> set[tuple[ThingKind, str]]:
    if kind not in THINGS:
        return set()
    return {
        (THINGS[kind].kind, str(attributes[name]))
        for name in ("id", "arn", "name", "allocation_id")
        if attributes.get(name)
    }


def _compare_parts(parts: tuple[Part, ...], state: list[tuple[str, dict[str, Any]]]) -> list[str]:
    there = Counter((one.kind, one.key) for one in parts if not _comes_by_itself(one))
    known = Counter(
        (PARTS[kind].kind, tuple(str(word) for word in PARTS[kind].key(attributes)))
        for kind, attributes in state
        if kind in PARTS
    )
    return [
        *(f"outside the state: {kind} {' '.join(key)}" for kind, key in there - known),
        *(f"missing on AWS: {kind} {' '.join(key)}" for kind, key in known - there),
    ]


def _comes_by_itself(part: Part) -> bool:
    if part.kind is PartKind.RECORD:
        return part.key[2] in _OWN_RECORDS
    # The route to the VPC's own range, and those to an endpoint's prefix list, which has no CIDR.
    return part.kind is PartKind.ROUTE and part.key[1] != "0.0.0.0/0"
