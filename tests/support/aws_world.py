"""Everything that a new cluster asks: an emulated account, an address service, a registry and a mirror."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.aws_moto import REGION, emulated_aws, seed_images
from support.cluster_files import write_cluster
from support.http_answers import Reply, Request, serve_answers

from fleetkit.aws import FLATCAR_OWNER, UBUNTU_OWNER, AwsSession
from fleetkit.config import Settings
from fleetkit.workflows import Workspace, open_workspace

ARCHIVE = b"\x1f\x8bfleet"
MANIFEST = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
ADDRESS = "198.51.100.7"
FLATCAR = "ami-00000002"
UBUNTU = "ami-00000006"


@dataclass(kw_only=True)
class World:
    """What surrounds a cluster; ``replies`` may be changed in the middle of a test."""

    session: AwsSession
    folder: Path
    url: str
    replies: dict[str, Reply] = field(default_factory=dict)

    @property
    def environ(self) -> Mapping[str, str]:
        """The settings that lead here."""
        return {
            "FLEETKIT_ADDRESS_URL": f"{self.url}/address",
            "FLEETKIT_PYTHON_REGISTRY_URL": self.url,
            "FLEETKIT_REGISTRY_URL": self.url,
            "FLEETKIT_ARCHIVE_URL": f"{self.url}/mirror",
            "HOME": str(self.folder),
        }

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environ)

    @property
    def pins(self) -> dict[str, str]:
        """What is right to be pinned here, by dotted path."""
        return {
            "images.flatcar": FLATCAR,
            "images.ubuntu": UBUNTU,
            "pins.etcd_image": f"quay.io/coreos/etcd@sha256:{hashlib.sha256(MANIFEST).hexdigest()}",
            "pins.fleet_archive": f"{self.url}/mirror/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz",
            "pins.fleet_sha256": hashlib.sha256(ARCHIVE).hexdigest(),
        }

    def write(self, **known: object) -> Path:
        """Write a cluster file that fits this world."""
        return write_cluster(self.folder, **{**self.pins, **known})  # type: ignore[arg-type]

    def open(self, **more: str) -> Workspace:
        """Open the one cluster there is."""
        return open_workspace(folder=self.folder, environ={**self.environ, **more})


def _right_replies() -> dict[str, Reply]:
    return {
        "/address": Reply(body=ADDRESS.encode()),
        "/v2/coreos/etcd/manifests/v3.5.33": Reply(body=MANIFEST),
        "/v2/docker/library/python/manifests/3.11-slim": Reply(body=MANIFEST),
        "/mirror/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz": Reply(body=ARCHIVE),
    }


@contextlib.contextmanager
def surrounding_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a world in which a new cluster can be written, pinned and looked over."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    replies = _right_replies()

    def answer(request: Request) -> Reply:
        return replies.get(request.path, Reply(status=404))

    with serve_answers(answer) as url, emulated_aws() as session:
        session.client("ec2").create_key_pair(KeyName="fleetkit", KeyType="ed25519")
        seed_images(
            ami_00000002=(FLATCAR_OWNER, "Flatcar-stable-4593.2.5-hvm", "2026-08-13T00:00:00.000Z"),
            ami_00000006=(
                UBUNTU_OWNER,
                "ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20261001",
                "2026-10-01T00:00:00.000Z",
            ),
        )
        yield World(session=session, folder=folder, url=url, replies=replies)
