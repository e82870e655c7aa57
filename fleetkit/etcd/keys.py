"""Reading keys of the v2 store, in which fleet keeps its state."""

from __future__ import annotations

import http
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit.core import NotFoundError
from fleetkit.etcd._answers import Answer
from fleetkit.etcd._asking import read_first
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["KeyNode", "get_key", "is_missing", "key_path", "read_node"]

_KEY_NOT_FOUND = 100
"""etcd's v2 error code for a key that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNode:
    """A key or directory of the v2 store.

    Attributes
    ----------
    key
        Full path.
    value
        The value; empty for a directory.
    is_dir
        Whether it is a directory.
    nodes
        What a directory holds, sorted by path.
    modified_index
        The index of its last change.
    ttl_s
        Seconds until it expires; None where it does not.
    created_index
        The index of its creation; 0 for the root, and where an older backup did not keep it.
    """

    key: str
    value: str
    is_dir: bool
    nodes: tuple[KeyNode, ...]
    modified_index: int
    ttl_s: int | None
    created_index: int = 0

    @classmethod
    def from_json(cls, fields: Fields) -> KeyNode:
        """Read one node and all below it."""
        return cls(
            key=fields.text("key") or "/",
            value=fields.text("value"),
            is_dir=fields.flag("dir"),
            nodes=tuple(cls.from_json(child) for child in fields.children("nodes")),
            modified_index=fields.whole("modifiedIndex"),
            ttl_s=fields.whole("ttl") or None,
            created_index=fields.whole("createdIndex"),
        )


def get_key(
    endpoints: Sequence[Endpoint],
    key: str,
    *,
    quorum: bool = True,
    recursive: bool = False,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> KeyNode:
    """Read one key or directory of the v2 store.

    Parameters
    ----------
    key
        Full path, such as ``/_coreos.com/fleet/machines``.
    quorum
        Whether the read goes through the quorum; without it, a member cut off answers with what it last knew.
    recursive
        Whether directories below are read too.

    Raises
    ------
    NotFoundError
        When there is no such key.
    EtcdError
        When no member answered in time.
    SettingsError
        When the TLS files cannot be used, or no endpoint was given.
    """
    path = key_path(key, quorum=quorum, recursive=recursive)
    found = read_first(endpoints, lambda call: read_node(call, path), tls=tls, limits=limits, what=f"the key {key}")
    if found is None:
        raise NotFoundError(f"etcd's v2 store has no key {key}")
    return found[0]


def read_node(call: Call, path: str) -> tuple[KeyNode, int] | None:
    """Read what is at a path that `key_path` made, and the store's index; None where nothing is.

    Raises
    ------
    CallError
        When the member says no.
    """
    answer = call.ask("GET", path)
    if is_missing(answer):
        return None
    if answer.status != http.HTTPStatus.OK:
        raise call.refused(answer)
    return KeyNode.from_json(Fields(answer.body).child("node")), answer.index


def key_path(key: str, *, quorum: bool = False, recursive: bool = False) -> str:
    """Return the path under which the v2 API has a key, with what is asked of a read."""
    path = f"/v2/keys{urllib.parse.quote('/' + key.strip('/'))}"
    query = urllib.parse.urlencode(
        {"quorum": str(quorum).lower(), "recursive": str(recursive).lower(), "sorted": "true"}
    )
    return f"{path}?{query}" if quorum or recursive else path


def is_missing(answer: Answer) -> bool:
    """Return whether an answer says that there is no such key."""
    return answer.status == http.HTTPStatus.NOT_FOUND and Fields(answer.body).whole("errorCode") == _KEY_NOT_FOUND
