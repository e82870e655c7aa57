"""The digest of a container image, asked of its registry (OCI Distribution Specification, API v2)."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from typing import Any

from fleetkit.core import ServiceError
from fleetkit.origins._http import Answer, get

__all__ = ["resolve_image"]

# Lists of manifests first: their digest serves every architecture.
_MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_LARGEST_MANIFEST = 4 << 20  # OCI Distribution Specification: registries take manifests of 4 MB at least
_LARGEST_TOKEN = 1 << 20


def resolve_image(registry_url: str, *, repository: str, tag: str, timeout_s: float = 20.0) -> str:
    """Return the digest that ``repository:tag`` has now, ``sha256:`` and 64 hex digits.

    The digest is reckoned from the manifest itself, and must be the one that the registry says.

    Parameters
    ----------
    registry_url
        Base of the registry, such as ``https://quay.io``.
    repository, tag
        The image, such as ``coreos/etcd`` and ``v3.5.33``.
    timeout_s
        Seconds for each of at most three calls.

    Raises
    ------
    ServiceError
        When the registry cannot be reached, refuses, has no such image for amd64, or contradicts itself.
    """
    image = f"{repository}:{tag}"
    url = f"{registry_url}/v2/{repository}/manifests/{urllib.parse.quote(tag, safe='')}"
    answer = _manifest(url, image, timeout_s=timeout_s)
    if answer.status == 401:
        token = _token(answer, registry_url, image, timeout_s=timeout_s)
        answer = _manifest(url, image, timeout_s=timeout_s, token=token)
        if answer.status == 401:
            raise _refusal(image, registry_url, "the token that it gave is not accepted")
    digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
    said = answer.headers.get("docker-content-digest", digest)
    if said != digest:
        raise _refusal(image, registry_url, f"it says {said}, and its manifest hashes to {digest}")
    _check_platform(answer.body, image, registry_url)
    return digest


def _manifest(url: str, image: str, *, timeout_s: float, token: str | None = None) -> Answer:
    headers = {"Accept": ", ".join(_MEDIA_TYPES)}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return get(
        url, what=f"the manifest of {image}", timeout_s=timeout_s, largest_bytes=_LARGEST_MANIFEST, headers=headers
    )


def _token(challenge: Answer, registry_url: str, image: str, *, timeout_s: float) -> str:
    """Fetch an anonymous token as the registry's challenge says (Docker Registry, "Token authentication")."""
    scheme, _, rest = challenge.headers.get("www-authenticate", "").partition(" ")
    parts = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = parts.pop("realm", "")
    if scheme.lower() != "bearer" or not realm.startswith(("https://", "http://")):
        raise _refusal(image, registry_url, "it wants credentials, and names no place that gives a token")
    if registry_url.startswith("https://") and not realm.startswith("https://"):
        raise _refusal(image, registry_url, "it sends to a place without TLS for a token")
    answer = get(
        f"{realm}?{urllib.parse.urlencode(parts)}",
        what=f"a token for {image}",
        timeout_s=timeout_s,
        largest_bytes=_LARGEST_TOKEN,
    )
    document = _parse(answer.body, image, registry_url)
    token = document.get("token") or document.get("access_token")
    if answer.status != 200 or not isinstance(token, str):
        raise _refusal(image, registry_url, "it gives no anonymous token: the repository is private or not there")
    return token


def _check_platform(body: bytes, image: str, registry_url: str) -> None:
    document = _parse(body, image, registry_url)
    if document.get("schemaVersion") != 2:
        raise _refusal(image, registry_url, f"a manifest of schema {document.get('schemaVersion')}, not 2")
    entries = document.get("manifests")
    if not isinstance(entries, list):
        return
    platforms = {
        f"{item['platform']['os']}/{item['platform']['architecture']}" for item in entries if "platform" in item
    }
    if platforms and "linux/amd64" not in platforms:
        raise _refusal(image, registry_url, f"only for {', '.join(sorted(platforms))}")


def _parse(body: bytes, image: str, registry_url: str) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _refusal(image, registry_url, "an answer that is no JSON object")
    return document


def _refusal(image: str, registry_url: str, seen: str) -> ServiceError:
    return ServiceError(
        f"cannot resolve {image} at {registry_url}",
        seen=seen,
        hint="check FLEETKIT_REGISTRY_URL or FLEETKIT_PYTHON_REGISTRY_URL, and that the image is public there",
    )
