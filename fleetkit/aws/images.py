"""Machine images: the newest Flatcar and Ubuntu, and what is known of one that is pinned."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleetkit.aws._batches import split_values
from fleetkit.aws._errors import asking, error_code
from fleetkit.aws.session import AwsSession
from fleetkit.core import NotFoundError, parse_utc

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, ImageTypeDef

__all__ = [
    "FLATCAR_OWNER",
    "UBUNTU_OWNER",
    "Image",
    "find_image",
    "find_images",
    "find_newest_flatcar",
    "find_newest_ubuntu",
]

FLATCAR_OWNER = "075585003325"
"""The account that publishes Flatcar (Flatcar documentation, "Running Flatcar on EC2")."""

UBUNTU_OWNER = "099720109477"
"""Canonical's account (Ubuntu on AWS documentation, "Find Ubuntu images")."""

_ARCHITECTURE = "x86_64"  # fleet was only ever built for amd64
_LTS = re.compile(r"-(?P<version>\d\d\.04)-amd64-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A machine image.

    Attributes
    ----------
    image_id, name, owner_id, state
        As AWS has them; ``state`` is ``available`` when machines can be started from it.
    architecture
        ``x86_64`` or ``arm64``.
    created
        When it was published.
    deprecated
        When it is or was to be deprecated, or None.
    """

    image_id: str
    name: str
    owner_id: str
    state: str
    architecture: str
    created: dt.datetime
    deprecated: dt.datetime | None


def find_image(session: AwsSession, image_id: str) -> Image | None:
    """Return an image, deprecated ones too, or None where the region has none of that id."""
    from botocore.exceptions import ClientError

    with asking(f"the image {image_id}"):
        try:
            found = session.ec2.describe_images(ImageIds=[image_id], IncludeDeprecated=True)["Images"]
        except ClientError as error:
            if error_code(error).startswith("InvalidAMIID"):
                return None
            raise
    return _read(found[0]) if found else None


def find_images(session: AwsSession, image_ids: Iterable[str]) -> dict[str, Image]:
    """Return those of some images that the region has, deprecated ones too, by their ids."""
    images: dict[str, Image] = {}
    for some in split_values(image_ids):
        with asking("the images of machines"):
            pages = session.ec2.get_paginator("describe_images").paginate(
                # By a filter: an id that nobody has any more would make an error of all of them.
                Filters=[{"Name": "image-id", "Values": some}],
                IncludeDeprecated=True,
            )
            images |= {one["ImageId"]: _read(one) for page in pages for one in page["Images"]}
    return images


def find_newest_flatcar(session: AwsSession) -> Image:
    """Return the newest image of Flatcar's stable channel in the session's region.

    Raises
    ------
    NotFoundError
        When the region has none.
    """
    images = _search(session, "Flatcar stable", owner=FLATCAR_OWNER, names=["Flatcar-stable-*"])
    return max(images, key=lambda image: (image.created, image.name))


def find_newest_ubuntu(session: AwsSession) -> Image:
    """Return the newest image of the newest Ubuntu LTS in the session's region.

    Raises
    ------
    NotFoundError
        When the region has none.
    """
    # An LTS comes in April of every even year; the years to come are asked for too, and simply not there yet.
    names = [f"ubuntu/images/hvm-ssd*/ubuntu-*-{year}.04-amd64-server-*" for year in range(22, 41, 2)]
    images = _search(session, "Ubuntu LTS", owner=UBUNTU_OWNER, names=names)
    return max(images, key=lambda image: (_lts_version(image), image.created, image.name))


def _lts_version(image: Image) -> str:
    found = _LTS.search(image.name)
    return found.group("version") if found else ""


def _search(session: AwsSession, what: str, *, owner: str, names: list[str]) -> list[Image]:
    filters: list[FilterTypeDef] = [
        {"Name": "name", "Values": names},
        {"Name": "architecture", "Values": [_ARCHITECTURE]},
        {"Name": "virtualization-type", "Values": ["hvm"]},
        {"Name": "state", "Values": ["available"]},
    ]
    with asking(f"the images of {what}"):
        pages = session.ec2.get_paginator("describe_images").paginate(Owners=[owner], Filters=filters)
        images = [_read(image) for page in pages for image in page["Images"]]
    if not images:
        raise NotFoundError(
            f"{session.region} has no image of {what}",
            seen=f"owner {owner}, {names[0]} and the like, {_ARCHITECTURE}",
            hint="choose another region, or write an image id into the cluster file by hand",
        )
    return images


def _read(image: ImageTypeDef) -> Image:
    deprecated = image.get("DeprecationTime")
    return Image(
        image_id=image["ImageId"],
        name=image.get("Name", ""),
        owner_id=image.get("OwnerId", ""),
        state=image.get("State", ""),
        architecture=image.get("Architecture", ""),
        created=parse_utc(image["CreationDate"]),
        deprecated=parse_utc(deprecated) if deprecated else None,
    )
