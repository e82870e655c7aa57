"""The machine images that the sandbox's region offers: Flatcar stable and Ubuntu, as their publishers name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["FLATCAR_OWNER", "UBUNTU_OWNER", "image_kind", "write_images"]

FLATCAR_OWNER = "075585003325"
UBUNTU_OWNER = "099720109477"

_FLATCAR = (
    ("ami-0f1a7ca2459325000", "Flatcar-stable-4459.2.4-hvm", "2026-05-12T09:14:03.000Z"),
    ("ami-0f1a7ca2459325001", "Flatcar-stable-4593.2.4-hvm", "2026-07-09T10:02:41.000Z"),
    ("ami-0f1a7ca2459325002", "Flatcar-stable-4593.2.5-hvm", "2026-08-13T08:47:19.000Z"),
)
_UBUNTU_PREFIX = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server"
_UBUNTU = (
    ("ami-0b0e7a2404000000a", f"{_UBUNTU_PREFIX}-20260713", "2026-07-13T06:35:12.000Z"),
    ("ami-0b0e7a2404000000b", f"{_UBUNTU_PREFIX}-20261005", "2026-10-05T07:11:56.000Z"),
)


def image_kind(name: str) -> str | None:
    """Say which machine boots from an image of this name: ``flatcar``, ``ubuntu``, or None for neither."""
    lowered = name.lower()
    return next((kind for kind in ("flatcar", "ubuntu") if kind in lowered), None)


def _image(image_id: str, name: str, created: str, *, owner: str, root: str) -> dict[str, Any]:
    return {
        "ami_id": image_id,
        "name": name,
        "description": name,
        "owner_id": owner,
        "public": True,
        "virtualization_type": "hvm",
        "architecture": "x86_64",
        "state": "available",
        "platform": None,
        "image_type": "machine",
        "image_location": f"{owner}/{name}",
        "hypervisor": "xen",
        "root_device_name": root,
        "root_device_type": "ebs",
        "sriov": "simple",
        "creation_date": created,
    }


def write_images(file: Path) -> None:
    """Write the list of images in the form in which moto reads it (``MOTO_AMIS_PATH``)."""
    images = [_image(*one, owner=FLATCAR_OWNER, root="/dev/xvda") for one in _FLATCAR]
    images += [_image(*one, owner=UBUNTU_OWNER, root="/dev/sda1") for one in _UBUNTU]
    file.write_text(json.dumps(images, indent=1))
