"""The volumes of machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fleetkit.aws._batches import split_values
from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["Volume", "list_volumes_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume; ``instance_id`` is the machine that has it."""

    volume_id: str
    instance_id: str
    encrypted: bool


def list_volumes_of(session: AwsSession, instance_ids: Iterable[str]) -> tuple[Volume, ...]:
    """Return the volumes that machines have, by machine; whatever their tags."""
    volumes = []
    for some in split_values(instance_ids):
        with asking("the volumes of the cluster's machines"):
            pages = session.ec2.get_paginator("describe_volumes").paginate(
                Filters=[{"Name": "attachment.instance-id", "Values": some}]
            )
            found = [volume for page in pages for volume in page["Volumes"]]
        volumes += [
            Volume(volume_id=volume["VolumeId"], instance_id=held["InstanceId"], encrypted=volume["Encrypted"])
            for volume in found
            for held in volume.get("Attachments", [])
            if held.get("InstanceId") in some
        ]
    return tuple(sorted(volumes, key=lambda one: (one.instance_id, one.volume_id)))
