"""The public address: asked, or unknown; never guessed. And names: known here, or not."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from support.http_answers import Reply, serve_answers

from fleetkit.aws import is_known_name, read_public_address
from fleetkit.core import AwsError


def test_the_address_is_read_from_plain_text() -> None:
    with serve_answers(lambda _request: Reply(body=b"198.51.100.7\n")) as url:
        assert read_public_address(url) == ipaddress.IPv4Address("198.51.100.7")


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"2001:db8::1", b"198.51.100.7 and more"])
def test_what_is_no_address_is_not_taken_for_one(body: bytes) -> None:
    with serve_answers(lambda _request: Reply(body=body)) as url, pytest.raises(AwsError, match="IPv4 address"):
        read_public_address(url)


def test_a_refusal_and_silence_leave_the_address_unknown() -> None:
    with serve_answers(lambda _request: Reply(status=503)) as url, pytest.raises(AwsError, match="Service Unavailable"):
        read_public_address(url)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(AwsError, match="timed out") as caught:
        read_public_address(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout_s=0.2)
    assert caught.value.transient


@pytest.mark.parametrize(("name", "known"), [("localhost", True), ("demo.invalid", False), ("a" * 64 + ".x", False)])
def test_a_name_is_known_or_not(name: str, known: bool) -> None:
    assert is_known_name(name) is known
