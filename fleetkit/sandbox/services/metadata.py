"""The instance metadata service, version 2: a machine is known by the address from which it asks.

A token holds for the address that it was given to and for its time; where an instance does not require tokens,
requests without one are answered too, as on AWS.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import Protocol

from fleetkit.core import format_utc
from fleetkit.sandbox.aws.identity import RoleCredentials
from fleetkit.sandbox.services.http import Answer, Request
from fleetkit.sandbox.world.observation import Instance

__all__ = ["MetadataService", "MetadataSource"]

_LONGEST_TOKEN_S = 21600
_TOKEN = "x-aws-ec2-metadata-token"  # noqa: S105 -- the name of a header
_LIFETIME = "x-aws-ec2-metadata-token-ttl-seconds"
_MISSING = Answer(status=404, body=b"Not Found")
_REFUSED = Answer(status=401, body=b"Unauthorized")


class MetadataSource(Protocol):
    """Where the service's facts come from."""

    def instance_at(self, address: str) -> Instance | None:
        """Return the running instance that has a private address."""

    def requires_token(self, instance: Instance) -> bool:
        """Say whether the instance is set to IMDSv2 only."""

    def user_data(self, instance: Instance) -> bytes | None:
        """Return its user data, decoded."""

    def public_key(self, instance: Instance) -> str | None:
        """Return the public side of its key pair."""

    def role(self, instance: Instance) -> str | None:
        """Return the name of the role in its profile."""

    def credentials(self, instance: Instance, role: str) -> RoleCredentials | None:
        """Return credentials of that role for it; None where the role does not let EC2 take it on."""


class MetadataService:
    """Answers what machines ask 169.254.169.254.

    Parameters
    ----------
    source
        The facts.
    region
        The region that it names.
    now
        Seconds of a monotonic clock, for the life of tokens.
    """

    def __init__(
        self, source: MetadataSource, *, region: str, account_id: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._region = region
        self._account = account_id
        self._now = now
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        instance = self._source.instance_at(request.peer)
        if instance is None:
            return _MISSING
        path = request.path.partition("?")[0]
        if path == "/latest/api/token":
            return self._give_token(request)
        if request.method not in ("GET", "HEAD"):
            return Answer(status=405)
        if not self._is_allowed(request, instance):
            return _REFUSED
        body = self._read(path, instance)
        return _MISSING if body is None else Answer(body=body)

    def _give_token(self, request: Request) -> Answer:
        if request.method != "PUT" or "x-forwarded-for" in request.headers:
            return Answer(status=403)
        try:
            lifetime = int(request.headers[_LIFETIME])
        except (KeyError, ValueError):
            return Answer(status=400)
        if not 0 < lifetime <= _LONGEST_TOKEN_S:
            return Answer(status=400)
        token = secrets.token_urlsafe(40)
        with self._lock:
            now = self._now()
            self._tokens = {one: held for one, held in self._tokens.items() if held[1] > now}
            self._tokens[token] = (request.peer, now + lifetime)
        return Answer(body=token.encode(), headers={_LIFETIME: str(lifetime)})

    def _is_allowed(self, request: Request, instance: Instance) -> bool:
        given = request.headers.get(_TOKEN)
        if given is None:
            return not self._source.requires_token(instance)
        with self._lock:
            address, ends = self._tokens.get(given, ("", 0.0))
        return address == request.peer and self._now() < ends

    def _read(self, path: str, instance: Instance) -> bytes | None:
        if path == "/latest/user-data":
            return self._source.user_data(instance)
        if path == "/latest/dynamic/instance-identity/document":
            return json.dumps(self._document(instance), indent=2).encode()
        prefix = "/latest/meta-data"
        if not path.startswith(prefix):
            return None
        return _walk(self._tree(instance), [part for part in path.removeprefix(prefix).split("/") if part])

    def _document(self, instance: Instance) -> dict[str, str]:
        return {
            "accountId": self._account,
            "architecture": "x86_64",
            "availabilityZone": instance.zone,
            "imageId": instance.image_id,
            "instanceId": instance.instance_id,
            "instanceType": instance.instance_type,
            "privateIp": instance.address,
            "region": self._region,
            "version": "2017-09-30",
        }

    def _tree(self, instance: Instance) -> dict[str, object]:
        role = self._source.role(instance)
        key = self._source.public_key(instance)
        tree: dict[str, object] = {
            "ami-id": instance.image_id,
            "hostname": instance.hostname,
            "instance-id": instance.instance_id,
            "instance-type": instance.instance_type,
            "local-hostname": instance.hostname,
            "local-ipv4": instance.address,
            "placement": {"availability-zone": instance.zone, "region": self._region},
        }
        if instance.public_address is not None:
            tree["public-ipv4"] = instance.public_address
        if key is not None:
            tree["public-keys"] = {"0": {"openssh-key": key}}
        if role is not None:
            tree["iam"] = {"security-credentials": {role: lambda: self._credentials(instance, role)}}
        return tree

    def _credentials(self, instance: Instance, role: str) -> str:
        held = self._source.credentials(instance, role)
        if held is None:
            message = f"EC2 cannot assume the role {role}; its trust policy does not let ec2.amazonaws.com"
            return json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": message}, indent=2)
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": format_utc(held.issued),
                "Type": "AWS-HMAC",
                "AccessKeyId": held.access_key_id,
                "SecretAccessKey": held.secret_access_key,
                "Token": held.token,
                "Expiration": format_utc(held.expires),
            },
            indent=2,
        )


def _walk(tree: object, parts: list[str]) -> bytes | None:
    """Return the leaf or the listing at a path of the tree."""
    for part in parts:
        if not isinstance(tree, dict) or part not in tree:
            return None
        tree = tree[part]
    if callable(tree):
        tree = tree()
    if isinstance(tree, dict):
        # A folder is listed with its sub-folders marked, as the real service does.
        return "\n".join(f"{name}/" if isinstance(value, dict) else name for name, value in tree.items()).encode()
    return str(tree).encode()
