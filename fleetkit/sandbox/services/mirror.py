"""What a deploy fetches from the internet, answered here: fleet's archive, a container registry, the address service.

The archive holds an emulator of fleet under fleet's own names; registries know two images, by their digests.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shlex
import sys
import tarfile

from fleetkit.sandbox.services.http import Answer, Request
from fleetkit.sandbox.world.addresses import OPERATOR_ADDRESS

__all__ = ["ARCHIVE_NAME", "answer_address", "answer_archive", "answer_registry", "build_archive", "image_digest"]

_FLEET_VERSION = "1.0.0"
ARCHIVE_NAME = f"fleet-v{_FLEET_VERSION}-linux-amd64"
_IMAGES = {"coreos/etcd": tuple(f"v3.5.{patch}" for patch in range(100)), "docker/library/python": ("3.11-slim",)}
"""Each image with its tags."""

_MANIFEST_KIND = "application/vnd.docker.distribution.manifest.v2+json"
_API_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


def build_archive() -> bytes:
    """Return the archive ``fleet-v1.0.0-linux-amd64.tar.gz``; the same bytes whenever the interpreter is the same."""
    launcher = (
        "#!/bin/sh\n"
        "# fleetd of the sandbox: answers as fleet v1.0.0 does, and keeps its state in the cluster's own etcd.\n"
        f'exec {shlex.quote(sys.executable)} -P -m fleetkit.sandbox.fleetd "$@"\n'
    ).encode()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folder = tarfile.TarInfo(ARCHIVE_NAME)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
        for name, data in (("fleetd", launcher),):
            member = tarfile.TarInfo(f"{ARCHIVE_NAME}/{name}")
            member.size, member.mode = len(data), 0o755
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def answer_archive(archive: bytes, request: Request) -> Answer:
    """Answer for the releases of fleet."""
    if request.path == f"/v{_FLEET_VERSION}/{ARCHIVE_NAME}.tar.gz":
        return Answer(body=archive, kind="application/gzip")
    return Answer(status=404, body=b"Not Found")


def _manifest(tag: str) -> bytes:
    """Return a manifest that is well-formed and names no layer: machines of the sandbox bring the programs along."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"version": tag}}}).encode()
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST_KIND,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(config),
                "digest": f"sha256:{hashlib.sha256(config).hexdigest()}",
            },
            "layers": [],
        },
        indent=3,
    ).encode()


def image_digest(tag: str) -> str:
    """Return the digest under which a registry knows the image with a tag, for instance ``v3.5.33``."""
    return f"sha256:{hashlib.sha256(_manifest(tag)).hexdigest()}"


def answer_registry(request: Request) -> Answer:
    """Answer for registries (API v2): etcd's image by any tag of its 3.5 line, Python's by one, or by their digests."""
    path = request.path.partition("?")[0]
    if path.rstrip("/") == "/v2":
        return Answer(body=b"{}", kind="application/json", headers=_API_VERSION)
    for image, tags in _IMAGES.items():
        reference = path.removeprefix(f"/v2/{image}/manifests/")
        tag = next((one for one in tags if reference in (one, image_digest(one))), None)
        if tag is not None:
            headers = {"Docker-Content-Digest": image_digest(tag), **_API_VERSION}
            return Answer(body=_manifest(tag), kind=_MANIFEST_KIND, headers=headers)
    unknown = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": {}}]}
    return Answer(status=404, body=json.dumps(unknown).encode(), kind="application/json", headers=_API_VERSION)


def answer_address(_request: Request) -> Answer:
    """Answer the caller's public address, as the address service does: one line of text."""
    return Answer(body=f"{OPERATOR_ADDRESS}\n".encode())
