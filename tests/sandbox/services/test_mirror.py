"""The mirror holds an archive and an image as a deploy looks for them."""

from __future__ import annotations

import hashlib
import io
import tarfile

from fleetkit.sandbox.services.http import Request
from fleetkit.sandbox.services.mirror import (
    answer_address,
    answer_archive,
    answer_registry,
    build_archive,
    image_digest,
)


def ask(path: str, method: str = "GET") -> Request:
    return Request(method=method, path=path, headers={}, peer="127.0.0.1")


def test_the_archive_is_the_same_each_time_and_holds_an_executable_fleetd() -> None:
    archive = build_archive()
    assert archive == build_archive()
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        member = opened.getmember("fleet-v1.0.0-linux-amd64/fleetd")
        stream = opened.extractfile(member)
        assert stream is not None
        assert member.mode == 0o755
        assert stream.read().startswith(b"#!/bin/sh\n")


def test_the_archive_lies_where_releases_lie() -> None:
    assert answer_archive(b"x", ask("/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz")).body == b"x"
    assert answer_archive(b"x", ask("/v0.9.0/fleet-v0.9.0-linux-amd64.tar.gz")).status == 404


def test_the_registry_gives_a_manifest_under_the_digest_of_its_bytes() -> None:
    answer = answer_registry(ask("/v2/coreos/etcd/manifests/v3.5.33"))
    digest = answer.headers["Docker-Content-Digest"]
    assert digest == f"sha256:{hashlib.sha256(answer.body).hexdigest()}" == image_digest("v3.5.33")
    assert answer_registry(ask(f"/v2/coreos/etcd/manifests/{digest}", "HEAD")).headers == answer.headers


def test_versions_have_digests_of_their_own_and_others_are_unknown() -> None:
    assert image_digest("v3.5.33") != image_digest("v3.5.34")
    assert answer_registry(ask("/v2/coreos/etcd/manifests/v3.6.0")).status == 404
    assert answer_registry(ask("/v2/library/nginx/manifests/latest")).status == 404


def test_the_registry_says_that_it_speaks_version_two() -> None:
    assert answer_registry(ask("/v2/")).status == 200


def test_the_address_service_answers_one_address() -> None:
    assert answer_address(ask("/")).body == b"198.51.100.7\n"
