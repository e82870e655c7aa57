"""Preflight of what machines start from: the key pair and the images."""

from __future__ import annotations

from functools import partial

from fleetkit.aws import FLATCAR_OWNER, UBUNTU_OWNER, find_image, list_key_pairs
from fleetkit.core import format_utc, utc_now
from fleetkit.workflows._check_lines import Check, CheckLine, failure, ok, warning
from fleetkit.workflows._workspace import Workspace

__all__ = ["MACHINE_CHECKS"]

_ARCHITECTURE = "x86_64"
_OWNERS = {"flatcar": FLATCAR_OWNER, "ubuntu": UBUNTU_OWNER}


def _check_key_pair(workspace: Workspace) -> tuple[CheckLine, ...]:
    name = workspace.cluster.key_name
    known = [pair.name for pair in list_key_pairs(workspace.session)]
    if name not in known:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        return (
            failure(
                "key-pair",
                f"{workspace.session.region} has no key pair {name!r}; {listed}",
                mend="set key_name, or bring yours in: aws ec2 import-key-pair",
            ),
        )
    return (ok("key-pair", f"{name} is there"),)


def _check_image(which: str, workspace: Workspace) -> tuple[CheckLine, ...]:
    cluster, check_id = workspace.cluster, f"image-{which}"
    image_id = cluster.images.flatcar if which == "flatcar" else cluster.images.ubuntu
    pin = f"fleetkit pin {cluster.name}"
    if not image_id:
        return (failure(check_id, f"images.{which} is not pinned", mend=pin),)
    image = find_image(workspace.session, image_id)
    if image is None:
        # Flatcar withdraws its images after nine months, so this happens to every file in the end.
        return (failure(check_id, f"{image_id} is not, or no longer, in {cluster.region}", mend=pin),)
    if image.state != "available":
        return (failure(check_id, f"{image_id} is {image.state}", mend=pin),)
    if image.architecture != _ARCHITECTURE:
        seen = f"{image_id} is for {image.architecture}, and fleet was only ever built for amd64"
        return (failure(check_id, seen, mend=pin),)
    shown = f"{image_id} ({image.name})"
    if image.deprecated is not None and image.deprecated <= utc_now():
        return (warning(check_id, f"{shown} is deprecated since {format_utc(image.deprecated)}", mend=pin),)
    if image.owner_id != _OWNERS[which]:
        seen = f"{shown} is of account {image.owner_id}, not of {_OWNERS[which]}"
        return (warning(check_id, seen, mend="make sure that it is your own copy of the image"),)
    return (ok(check_id, shown),)


MACHINE_CHECKS: tuple[Check, ...] = (
    Check("key-pair", _check_key_pair),
    Check("image-flatcar", partial(_check_image, "flatcar")),
    Check("image-ubuntu", partial(_check_image, "ubuntu")),
)
"""What is asked of keys and images."""
