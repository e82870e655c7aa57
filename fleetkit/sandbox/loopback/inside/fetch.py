"""The fetch of a machine's files: what its manifest in the cluster's bucket lists, asked for with its own role.

Requests are signed and go to the emulated S3, so a grant, an object or a role that is missing fails here too.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetkit.sandbox.loopback.inside.here import Here
from fleetkit.sandbox.machine.accounts import find_ids, record_owner
from fleetkit.sandbox.machine.metadata import Metadata
from fleetkit.sandbox.machine.systemd.environment import parse_environment_file

__all__ = ["Entry", "FetchError", "fetch", "read_manifest"]

_POINTER = "/etc/fleetkit/fetch.env"
_ROLES = "meta-data/iam/security-credentials/"
_TIMEOUT_S = 10.0
_FIELDS = 5


class FetchError(Exception):
    """A file could not be brought; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a manifest."""

    sha256: str
    mode: int
    user: str
    group: str
    destination: str
    key: str


def read_manifest(text: str) -> list[Entry]:
    """Read a manifest.

    Raises
    ------
    FetchError
        When a line cannot be read, or there is none.
    """
    entries = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split()
        if len(words) != _FIELDS:
            raise FetchError(f"the manifest has a line that cannot be read: {line}")
        sha256, mode, owner, destination, key = words
        user, _, group = owner.partition(":")
        try:
            entries.append(
                Entry(sha256=sha256, mode=int(mode, 8), user=user, group=group, destination=destination, key=key)
            )
        except ValueError as error:
            raise FetchError(f"the manifest has a mode that cannot be read: {line}") from error
    if not entries:
        raise FetchError("the manifest names no file")
    return entries


def fetch(here: Here) -> int:
    """Bring all files, check them, and put them in place; return how many there are, 0 without a pointer to any.

    Raises
    ------
    FetchError
        When one could not be brought; the old files are whole then.
    WaitTimeoutError
        When the metadata service does not answer.
    """
    pointer = here.path(_POINTER)
    if not pointer.exists():
        return 0
    told = parse_environment_file(pointer)
    try:
        bucket = _Bucket(here, name=told["FLEETKIT_BUCKET"], region=told["FLEETKIT_REGION"])
        manifest = told["FLEETKIT_MANIFEST"]
    except KeyError as error:
        raise FetchError(f"{_POINTER} does not set {error.args[0]}") from error
    entries = read_manifest(bucket.get(manifest).decode())
    staged = [(_stage(here, entry, bucket.get(entry.key)), here.path(entry.destination)) for entry in entries]
    for new, place in staged:
        new.replace(place)
    return len(staged)


def _stage(here: Here, entry: Entry, content: bytes) -> Path:
    seen = hashlib.sha256(content).hexdigest()
    if seen != entry.sha256:
        raise FetchError(f"{entry.key} has sha256 {seen}, and the manifest says {entry.sha256}")
    place = here.path(entry.destination)
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f"{place.name}.fleetkit-new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.chmod(entry.mode)
    try:
        record_owner(new, *find_ids(entry.user, entry.group, root=here.root))
    except LookupError as error:
        raise FetchError(f"{entry.destination} cannot be given to {entry.user}:{entry.group}: {error}") from error
    return new


class _Bucket:
    """A bucket of the emulated S3, asked with the instance's credentials over TLS."""

    def __init__(self, here: Here, *, name: str, region: str) -> None:
        self._here = here
        self._name = name
        self._region = region
        self._host = f"s3.{region}.amazonaws.com"
        self._keys = _read_credentials(here.metadata())
        self._tls = ssl.create_default_context(cafile=str(here.hall / "trust.pem"))

    def get(self, key: str) -> bytes:
        path = f"/{self._name}/{key}"
        connection = http.client.HTTPSConnection(self._host, timeout=_TIMEOUT_S)
        try:
            # The place is the table's, the name that TLS and the signature are for is Amazon's.
            plain = socket.create_connection(self._here.place(self._host, 443), _TIMEOUT_S)
            connection.sock = self._tls.wrap_socket(plain, server_hostname=self._host)
            connection.request("GET", path, headers=self._sign(path))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, LookupError, http.client.HTTPException) as error:
            raise FetchError(f"s3:/{path}: {error!r}") from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise FetchError(f"s3:/{path}: status {answer.status} (403 also means that there is no such object)")
        return body

    def _sign(self, path: str) -> dict[str, str]:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest(method="GET", url=f"https://{self._host}{path}")
        keys = Credentials(self._keys["AccessKeyId"], self._keys["SecretAccessKey"], self._keys["Token"])
        S3SigV4Auth(keys, "s3", self._region).add_auth(request)
        return dict(request.headers.items())


def _read_credentials(metadata: Metadata) -> Mapping[str, str]:
    role = metadata.read(_ROLES)
    if not role:
        raise FetchError("the instance has no role")
    held: dict[str, str] = json.loads(metadata.read(f"{_ROLES}{role}") or "{}")
    if not {"AccessKeyId", "SecretAccessKey", "Token"} <= held.keys():
        raise FetchError(f"role {role} came without usable credentials")
    return held
