"""The v2 store as a whole: read out of a cluster, written as JSON, and put into another.

fleet keeps its state there, and a snapshot of the v3 store does not carry it.
A listing omits keys that begin with ``_``, so each hidden root is read by itself.
"""

from __future__ import annotations

import http
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fleetkit.core import EtcdError, SettingsError
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.keys import KeyNode, is_missing, key_path

__all__ = ["V2_ROOTS", "V2Root", "V2Tree", "check_roots", "export_tree", "export_tree_over", "put_tree"]

V2_ROOTS = ("/", "/_coreos.com")
"""What is read where nothing else is said: all that is listed, and the hidden root in which fleet keeps its state."""

_NODE_EXISTS = 105
"""etcd's v2 error code for a key or directory that is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class V2Root:
    """One root of the v2 store, as it was at one index.

    Attributes
    ----------
    root
        Its path.
    index
        The store's index at which it was read.
    node
        All that it holds; None where there is no such key.
    """

    root: str
    index: int
    node: KeyNode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class V2Tree:
    """What was read of the v2 store.

    Attributes
    ----------
    roots
        In the order in which they were read.
    """

    roots: tuple[V2Root, ...]

    @property
    def index(self) -> int:
        """The store's index at which the last root was read."""
        return max(root.index for root in self.roots)

    def nodes(self) -> Iterator[KeyNode]:
        """Yield every key and directory below the roots, and hidden roots themselves; a directory before its keys."""
        for root in self.roots:
            yield from () if root.node is None else _walk(root.node)

    @property
    def keys(self) -> int:
        """How many keys with values it holds."""
        return sum(not node.is_dir for node in self.nodes())

    def without(self, is_left_out: Callable[[str], bool]) -> V2Tree:
        """Return it without the keys and directories whose paths ``is_left_out`` says yes to, and what they hold."""
        return V2Tree(roots=tuple(replace(root, node=_thin(root.node, is_left_out)) for root in self.roots))

    def to_json(self) -> bytes:
        """Write it as JSON, each node as etcd's v2 API has it."""
        roots = [
            {"root": root.root, "index": root.index, "node": None if root.node is None else _plain(root.node)}
            for root in self.roots
        ]
        return json.dumps({"roots": roots}, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> V2Tree:
        """Read what `to_json` wrote.

        Raises
        ------
        EtcdError
            When it is not that.
        """
        try:
            found = Fields(json.loads(content))
        except ValueError as error:
            raise EtcdError("the v2 tree is no JSON", seen=str(error)) from error
        return cls(
            roots=tuple(
                V2Root(
                    root=fields.text("root"),
                    index=fields.whole("index"),
                    node=KeyNode.from_json(fields.child("node")) if fields.has("node") else None,
                )
                for fields in found.children("roots")
            )
        )


def export_tree(
    endpoint: Endpoint,
    *,
    roots: Sequence[str] = V2_ROOTS,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> V2Tree:
    """Read whole roots of the v2 store through the quorum: values, directories, seconds to live, and the index.

    Each root is one read, and therefore consistent in itself.

    Parameters
    ----------
    roots
        Paths; a hidden one is not part of ``/`` and is named beside it.
    limits
        Seconds for all of them together.

    Raises
    ------
    EtcdError
        When the member does not answer in time, or without a quorum.
    SettingsError
        When the TLS files cannot be used, or no root was given.
    """
    check_roots(roots)
    deadline = time.monotonic() + (limits or EtcdLimits()).total_s
    with Call(endpoint, context=context_for([endpoint], tls), deadline=deadline) as call:
        return export_tree_over(call, roots)


def check_roots(roots: Sequence[str]) -> None:
    """Refuse to read no root at all, before anything is asked."""
    if not roots:
        raise SettingsError("no root of the v2 store was given", hint=f"the usual ones are {' and '.join(V2_ROOTS)}")


def export_tree_over(call: Call, roots: Sequence[str]) -> V2Tree:
    """Read roots over an open connection, as `export_tree` does."""
    return V2Tree(roots=tuple(_read_root(call, root) for root in roots))


def put_tree(
    endpoint: Endpoint,
    tree: V2Tree,
    *,
    overwrite: bool = True,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> int:
    """Put a tree into a cluster, and return how many keys and directories were written.

    Directories that are there stay, with what else they hold.

    Parameters
    ----------
    overwrite
        Whether keys that are there get the tree's value, or stay as they are.
    limits
        Seconds for one key.

    Raises
    ------
    EtcdError
        When the member does not take one.
    SettingsError
        When the TLS files cannot be used.
    """
    limits, context, written = limits or EtcdLimits(), context_for([endpoint], tls), 0
    nodes = [node for node in tree.nodes() if node.key != "/"]
    # etcd serves one connection for as long as it is used; each key gets its own time.
    with Call(endpoint, context=context, deadline=time.monotonic() + limits.total_s) as call:
        for node in nodes:
            call.extend(limits.total_s)
            written += _put(call, node, overwrite=overwrite)
    return written


def _read_root(call: Call, root: str) -> V2Root:
    answer = call.ask("GET", key_path(root, quorum=True, recursive=True))
    if is_missing(answer):
        return V2Root(root=root, index=Fields(answer.body).whole("index"), node=None)
    if answer.status != http.HTTPStatus.OK:
        raise call.refused(answer)
    return V2Root(root=root, index=answer.index, node=KeyNode.from_json(Fields(answer.body).child("node")))


def _put(call: Call, node: KeyNode, *, overwrite: bool) -> bool:
    form = {"dir": "true"} if node.is_dir else {"value": node.value}
    keeps = node.is_dir or not overwrite
    if keeps:
        form["prevExist"] = "false"
    if node.ttl_s is not None:
        form["ttl"] = str(node.ttl_s)
    answer = call.ask("PUT", key_path(node.key), form=form)
    if answer.status in (http.HTTPStatus.OK, http.HTTPStatus.CREATED):
        return True
    if keeps and Fields(answer.body).whole("errorCode") == _NODE_EXISTS:
        return False
    raise call.refused(answer)


def _walk(node: KeyNode) -> Iterator[KeyNode]:
    yield node
    for child in node.nodes:
        yield from _walk(child)


def _thin(node: KeyNode | None, is_left_out: Callable[[str], bool]) -> KeyNode | None:
    if node is None or is_left_out(node.key):
        return None
    kept = (_thin(child, is_left_out) for child in node.nodes)
    return replace(node, nodes=tuple(one for one in kept if one is not None))


def _plain(node: KeyNode) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": node.key,
        "createdIndex": node.created_index,
        "modifiedIndex": node.modified_index,
    }
    if node.ttl_s is not None:
        found["ttl"] = node.ttl_s
    if node.is_dir:
        return {**found, "dir": True, "nodes": [_plain(child) for child in node.nodes]}
    return {**found, "value": node.value}
