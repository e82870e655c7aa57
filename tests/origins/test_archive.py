"""Archives: fetched whole, within limits, and hashed."""

from __future__ import annotations

import hashlib
import socket

import pytest
from support.http_answers import Reply, serve_answers

from fleetkit.core import ServiceError
from fleetkit.origins import archive_url, fetch_archive

CONTENT = b"\x1f\x8b" + b"fleet" * 50_000


def test_an_archive_is_fetched_and_hashed() -> None:
    with serve_answers(lambda request: Reply(body=CONTENT) if request.path.endswith(".tar.gz") else Reply(404)) as url:
        archive = fetch_archive(archive_url(url, "1.0.0"))
    assert archive.url == f"{url}/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz"
    assert archive.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert archive.content == CONTENT
    assert len(repr(archive)) < 300


def test_a_redirect_to_the_place_of_storage_is_followed() -> None:
    with serve_answers(lambda _request: Reply(body=CONTENT)) as storage:
        redirect = Reply(status=302, headers={"Location": f"{storage}/stored.tar.gz"})
        with serve_answers(lambda _request: redirect) as url:
            assert fetch_archive(archive_url(url, "1.0.0")).content == CONTENT


def test_a_transfer_that_breaks_off_is_no_archive() -> None:
    short = Reply(body=CONTENT, headers={"Content-Length": str(len(CONTENT) + 1)})
    with serve_answers(lambda _request: short) as url, pytest.raises(ServiceError, match="cannot fetch") as caught:
        fetch_archive(f"{url}/a.tar.gz", timeout_s=2)
    assert caught.value.transient


def test_a_mirror_that_lacks_it_or_never_answers_is_told() -> None:
    with serve_answers(lambda _request: Reply(status=404)) as url, pytest.raises(ServiceError, match="HTTP 404"):
        fetch_archive(f"{url}/a.tar.gz")
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(ServiceError, match="timed out") as caught:
        fetch_archive(f"http://127.0.0.1:{mute.getsockname()[1]}/a.tar.gz", timeout_s=0.2)
    assert "FLEETKIT_ARCHIVE_URL" in str(caught.value.hint)
