"""Digests: asked with a token where the registry wants one, and believed only when they fit the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
from support.http_answers import Reply, Request, serve_answers

from fleetkit.core import ServiceError
from fleetkit.origins import resolve_image

MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {"digest": "sha256:" + "a" * 64, "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": "sha256:" + "b" * 64, "platform": {"os": "linux", "architecture": "arm64"}},
        ],
    }
).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"


def registry(
    *, token: str | None = None, body: bytes = MANIFEST, digest: str = DIGEST, seen: list[Request] | None = None
) -> Callable[[Request], Reply]:
    """Return a registry with one image; with ``token`` it wants one, and gives it to anybody."""

    def answer(request: Request) -> Reply:
        if seen is not None:
            seen.append(request)
        if request.path.startswith("/v2/auth?"):
            return Reply(body=json.dumps({"token": token}).encode())
        if request.path != "/v2/coreos/etcd/manifests/v3.5.33":
            return Reply(status=404)
        if token is not None and request.headers.get("authorization") != f"Bearer {token}":
            realm = f"http://{request.headers['host']}/v2/auth"
            challenge = f'Bearer realm="{realm}",service="quay.io",scope="repository:coreos/etcd:pull"'
            return Reply(status=401, headers={"WWW-Authenticate": challenge})
        return Reply(body=body, headers={"Docker-Content-Digest": digest})

    return answer


def resolve(url: str) -> str:
    return resolve_image(url, repository="coreos/etcd", tag="v3.5.33", timeout_s=5)


def test_an_open_registry_is_asked_once_for_a_list_of_manifests() -> None:
    seen: list[Request] = []
    with serve_answers(registry(seen=seen)) as url:
        assert resolve(url) == DIGEST
    assert len(seen) == 1
    assert seen[0].headers["accept"].startswith("application/vnd.oci.image.index.v1+json")


def test_a_registry_that_wants_a_token_is_given_the_one_that_it_gives() -> None:
    seen: list[Request] = []
    with serve_answers(registry(token="anonymous", seen=seen)) as url:
        assert resolve(url) == DIGEST
    assert [request.path.partition("?")[0] for request in seen] == [
        "/v2/coreos/etcd/manifests/v3.5.33",
        "/v2/auth",
        "/v2/coreos/etcd/manifests/v3.5.33",
    ]
    assert "scope=repository%3Acoreos%2Fetcd%3Apull" in seen[1].path


def refusal(answer: Callable[[Request], Reply]) -> str:
    with serve_answers(answer) as url, pytest.raises(ServiceError) as caught:
        resolve(url)
    return str(caught.value)


def test_a_digest_that_does_not_fit_its_manifest_is_not_believed() -> None:
    assert "hashes to" in refusal(registry(digest="sha256:" + "0" * 64))


def test_a_manifest_of_the_withdrawn_schema_is_refused() -> None:
    body = json.dumps({"schemaVersion": 1}).encode()
    assert "schema 1" in refusal(registry(body=body, digest=f"sha256:{hashlib.sha256(body).hexdigest()}"))


def test_an_image_for_other_machines_alone_is_refused() -> None:
    only = {"schemaVersion": 2, "manifests": [{"platform": {"os": "linux", "architecture": "arm64"}}]}
    body = json.dumps(only).encode()
    assert "only for linux/arm64" in refusal(registry(body=body, digest=f"sha256:{hashlib.sha256(body).hexdigest()}"))


def test_an_image_that_is_not_there_and_a_broken_registry_are_told_apart() -> None:
    assert "HTTP 404" in refusal(lambda _request: Reply(status=404))
    with serve_answers(lambda _request: Reply(status=502)) as url, pytest.raises(ServiceError) as caught:
        resolve(url)
    assert caught.value.transient


def test_a_challenge_that_names_no_place_for_a_token_is_refused() -> None:
    text = refusal(lambda _request: Reply(status=401, headers={"WWW-Authenticate": 'Basic realm="here"'}))
    assert "wants credentials" in text


def test_the_token_is_not_shown_when_it_is_not_accepted() -> None:
    def answer(request: Request) -> Reply:
        if request.path.startswith("/v2/auth"):
            return Reply(body=b'{"token": "hunter2-hunter2"}')
        challenge = f'Bearer realm="http://{request.headers["host"]}/v2/auth"'
        return Reply(status=401, headers={"WWW-Authenticate": challenge})

    text = refusal(answer)
    assert "not accepted" in text
    assert "hunter2" not in text
