"""An S3 that answers over HTTP, with a bucket for records; fixtures, to be imported into a folder's conftest."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

__all__ = ["PLACE", "here", "keys_of", "move_to", "s3", "s3_server"]

PLACE = "s3://records/team"


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """Serve an S3, and return its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a client of an S3 with the empty bucket ``records``; FLEETKIT_RUNS names a prefix of it."""
    # What is emulated lives in this process, and outlives each test.
    request = urllib.request.Request(f"{s3_server}/moto-api/reset", method="POST")  # noqa: S310  # loopback
    urllib.request.urlopen(request).close()  # noqa: S310  # loopback
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("FLEETKIT_RUNS", PLACE)
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="records")
    yield client
    client.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sit down at a computer, and return the folder to work in."""
    return move_to(tmp_path / "here", monkeypatch)


def move_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sit down at a computer: its folder, and the key of who works there."""
    (folder / "clusters").mkdir(parents=True)
    (folder / "clusters" / "demo.toml").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FLEETKIT_HOME", str(folder / "home"))
    return folder


def keys_of(s3: Any) -> list[str]:
    """Return the keys of all objects of the bucket."""
    return [one["Key"] for one in s3.list_objects_v2(Bucket="records").get("Contents", ())]
