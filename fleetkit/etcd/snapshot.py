"""Snapshots of the v3 store: streamed out of one member into a file, and proven whole before they bear their name.

A snapshot is the member's backend file followed by its sha256, as ``etcdctl snapshot save`` writes it.
It does not carry the v2 store: `export_tree` reads that.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fleetkit.core import EtcdError
from fleetkit.etcd._asking import context_for
from fleetkit.etcd._backend import read_backend_revision
from fleetkit.etcd._files import writing_whole
from fleetkit.etcd._http import Call
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles

__all__ = ["SavedSnapshot", "save_snapshot", "save_snapshot_over"]

_DIGEST_BYTES = 32
_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is taken for one message: etcd's have 32 KiB of data in 3.5, and gRPC's own bound is 4 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSnapshot:
    """A snapshot in a file.

    Attributes
    ----------
    path
        The file.
    size_bytes
        Its size, with the 32 bytes of etcd's own hash at its end.
    sha256
        Of the whole file, in hex.
    revision
        The store's revision at the moment of the snapshot, read from the file itself.
    """

    path: Path
    size_bytes: int
    sha256: str
    revision: int


def save_snapshot(
    endpoint: Endpoint, target: Path, *, tls: TlsFiles | None = None, limits: EtcdLimits | None = None
) -> SavedSnapshot:
    """Stream one member's snapshot into a file, with memory that does not grow with it.

    It is written beside the target and renamed once it is whole, so that half a snapshot never bears the name.

    Parameters
    ----------
    endpoint
        The member to ask; it needs no quorum to answer, so ask one that is not behind.
    target
        The file; one that is there is replaced.
    limits
        Seconds until the first data, and then between one piece and the next; the whole may take longer.

    Raises
    ------
    EtcdError
        When the member does not answer, or the snapshot broke off or is damaged.
    FleetkitError
        When the file cannot be written, as on a disk that is full.
    SettingsError
        When the TLS files cannot be used.
    """
    limits = limits or EtcdLimits()
    context = context_for([endpoint], tls)
    with Call(endpoint, context=context, deadline=time.monotonic() + limits.total_s) as call:
        return save_snapshot_over(call, target, idle_s=limits.total_s)


def save_snapshot_over(call: Call, target: Path, *, idle_s: float) -> SavedSnapshot:
    """Stream the snapshot over an open connection, as `save_snapshot` does."""
    with writing_whole(target, what="snapshot") as stream:
        pieces = call.stream("/v3/maintenance/snapshot", {}, idle_s=idle_s)
        size, sha256 = _store(call.name, _messages(pieces), stream)
        revision = read_backend_revision(stream)
    return SavedSnapshot(path=target, size_bytes=size, sha256=sha256, revision=revision)


def _store(member: str, messages: Iterator[Fields], stream: IO[bytes]) -> tuple[int, str]:
    """Write the messages' data, and compare their hash with the one that etcd sends last."""
    digest, size, remaining, held = hashlib.sha256(), 0, -1, b""
    for message in messages:
        blob = _decode_blob(message)
        remaining = message.whole("remaining_bytes")
        stream.write(blob)
        size += len(blob)
        # The last 32 bytes are the hash of all before them, and which are the last is known at the end alone.
        held += blob
        digest.update(held[:-_DIGEST_BYTES])
        held = held[-_DIGEST_BYTES:]
    if remaining != 0:
        seen = "nothing came" if remaining < 0 else f"after {size} bytes, with {remaining} still to come"
        raise _broken(member, f"it broke off: {seen}")
    if digest.digest() != held:
        raise _broken(member, "its data do not have the sha256 that etcd sent with them, or etcd sent none")
    digest.update(held)
    return size, digest.hexdigest()


def _messages(pieces: Iterable[bytes]) -> Iterator[Fields]:
    """Cut the stream into its messages: one JSON object on each line."""
    # Pieces are far shorter than lines: they are joined once, when a line has ended.
    parts: list[bytes] = []
    length = 0
    for piece in pieces:
        *lines, tail = piece.split(b"\n")
        for line in lines:
            yield _read_message(b"".join([*parts, line]))
            parts, length = [], 0
        parts.append(tail)
        length += len(tail)
        if length > _LINE_BYTES:
            raise EtcdError("etcd's snapshot has an unexpected form", seen=f"a line of more than {_LINE_BYTES} bytes")
    if rest := b"".join(parts).strip():
        yield _read_message(rest)


def _read_message(line: bytes) -> Fields:
    try:
        message = Fields(json.loads(line))
    except ValueError as error:
        raise EtcdError(
            "etcd's snapshot has an unexpected form", seen=f"{line[:80]!r} is no JSON", transient=True
        ) from error
    failure = message.child("error")
    said = failure.text("message") or failure.text("error")
    if said:
        raise EtcdError("etcd broke the snapshot off", seen=said, transient=True)
    return message.child("result")


def _decode_blob(message: Fields) -> bytes:
    # Imported where it is used: what reads no snapshot must not need it.
    import pybase64

    try:
        return pybase64.b64decode(message.text("blob"), validate=True)
    except ValueError as error:
        raise message.reject("blob", "base64") from error


def _broken(member: str, seen: str) -> EtcdError:
    return EtcdError(f"the snapshot of etcd member {member} is not whole", seen=seen, transient=True)
