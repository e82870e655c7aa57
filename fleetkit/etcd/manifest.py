"""What a backup says of itself: of which cluster it is, from when, and the hash of each of its parts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetkit.core import EtcdError, FleetkitError, PreconditionError, format_utc, parse_utc
from fleetkit.etcd._reading import Fields
from fleetkit.etcd.sample import StoreSample
from fleetkit.etcd.values import Member

__all__ = ["FORMAT", "BackupManifest", "BackupPart"]

FORMAT = 1
"""The version of the archive's form that is written, and the newest one that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPart:
    """One file of a backup: its size, and the sha256 of its content in hex."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupManifest:
    """What a backup says of itself.

    Attributes
    ----------
    cluster
        The cluster's name.
    cluster_id
        etcd's id of the cluster, in hex.
    taken
        When the snapshot was begun.
    member
        The member that was asked.
    revision
        The v3 store's revision in the snapshot.
    v2_index
        The v2 store's index at which its last root was read.
    v2_keys
        How many keys with values the v2 tree holds.
    sample
        Number of keys and hashes of some values that the cluster itself told at that revision.
    versions
        etcd's version, by member.
    members
        The members, as the cluster listed them.
    parts
        The archive's other files, by name.
    """

    cluster: str
    cluster_id: str
    taken: dt.datetime
    member: str
    revision: int
    v2_index: int
    v2_keys: int
    sample: StoreSample
    versions: Mapping[str, str]
    members: tuple[Member, ...]
    parts: Mapping[str, BackupPart]

    def to_json(self) -> bytes:
        """Write it as JSON."""
        found: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(self), "taken": format_utc(self.taken)}
        return json.dumps(found, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes, *, where: str) -> BackupManifest:
        """Read what `to_json` wrote.

        Parameters
        ----------
        where
            The archive, for messages.

        Raises
        ------
        PreconditionError
            When it is of a newer format.
        FleetkitError
            When it is no manifest.
        """
        try:
            fields = Fields(json.loads(content))
            number = fields.whole("format")
            if number > FORMAT:
                raise PreconditionError(
                    f"the backup {where} is of a newer format",
                    seen=f"format {number}; this fleetkit reads up to {FORMAT}",
                    hint="update fleetkit; nothing was changed",
                )
            return cls._read(fields)
        except (ValueError, EtcdError) as error:
            raise FleetkitError(f"{where} is no backup of etcd", seen=f"its manifest: {error}") from error

    @classmethod
    def _read(cls, fields: Fields) -> BackupManifest:
        sample = fields.child("sample")
        values, versions = sample.child("values"), fields.child("versions")
        return cls(
            cluster=fields.text("cluster"),
            cluster_id=fields.text("cluster_id"),
            taken=parse_utc(fields.text("taken")),
            member=fields.text("member"),
            revision=fields.whole("revision"),
            v2_index=fields.whole("v2_index"),
            v2_keys=fields.whole("v2_keys"),
            sample=StoreSample(keys=sample.whole("keys"), values={name: values.text(name) for name in values.names()}),
            versions={name: versions.text(name) for name in versions.names()},
            members=tuple(
                Member(
                    id=one.text("id"),
                    name=one.text("name"),
                    peer_urls=one.texts("peer_urls"),
                    client_urls=one.texts("client_urls"),
                    is_learner=one.flag("is_learner"),
                )
                for one in fields.children("members")
            ),
            parts={
                name: BackupPart(size_bytes=part.whole("size_bytes"), sha256=part.text("sha256"))
                for name, part in fields.by_name("parts").items()
            },
        )
