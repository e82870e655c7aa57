"""Members, their status and alarms as typed values; field names are those of etcd's rpc.proto."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from fleetkit.etcd._reading import Fields

__all__ = ["Alarm", "AlarmKind", "Member", "MemberStatus"]


class AlarmKind(enum.StrEnum):
    """Alarms that etcd knows."""

    NOSPACE = "NOSPACE"
    """The backend reached its quota; writes are refused."""
    CORRUPT = "CORRUPT"
    """The member's data differs from the others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as the cluster lists it.

    Attributes
    ----------
    id
        In hex, as etcdctl shows it.
    name
        Empty until a member that was added has started.
    peer_urls, client_urls
        Where peers and clients find it.
    is_learner
        Whether it only learns, and does not vote.
    """

    id: str
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    is_learner: bool

    @classmethod
    def from_json(cls, fields: Fields) -> Member:
        """Read one entry of a member list."""
        return cls(
            id=fields.hex_id("ID"),
            name=fields.text("name"),
            peer_urls=fields.texts("peerURLs"),
            client_urls=fields.texts("clientURLs"),
            is_learner=fields.flag("isLearner"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStatus:
    """What a member says of itself; it needs no quorum to say it.

    Attributes
    ----------
    member_id, cluster_id
        In hex, as etcdctl shows them.
    version
        etcd's version.
    leader
        The leader's id in hex; empty while there is none.
    raft_term, raft_index, raft_applied_index
        Where the member stands in the log.
    db_size, db_size_in_use
        Bytes of the backend file, and of those the bytes in use.
    revision
        The key-value store's revision.
    is_learner
        Whether it only learns, and does not vote.
    errors
        What it has to report: alarms, a missing leader.
    """

    member_id: str
    cluster_id: str
    version: str
    leader: str
    raft_term: int
    raft_index: int
    raft_applied_index: int
    db_size: int
    db_size_in_use: int
    revision: int
    is_learner: bool
    errors: tuple[str, ...]

    @property
    def is_leader(self) -> bool:
        """Whether the member says that it leads."""
        return bool(self.leader) and self.leader == self.member_id

    @classmethod
    def from_json(cls, answer: Any) -> MemberStatus:
        """Read the answer of ``/v3/maintenance/status``."""
        fields = Fields(answer)
        header = fields.child("header")
        return cls(
            member_id=header.hex_id("member_id"),
            cluster_id=header.hex_id("cluster_id"),
            version=fields.text("version"),
            leader=fields.hex_id("leader"),
            raft_term=fields.whole("raftTerm"),
            raft_index=fields.whole("raftIndex"),
            raft_applied_index=fields.whole("raftAppliedIndex"),
            db_size=fields.whole("dbSize"),
            db_size_in_use=fields.whole("dbSizeInUse"),
            revision=header.whole("revision"),
            is_learner=fields.flag("isLearner"),
            errors=tuple(error.strip() for error in fields.texts("errors")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm that is raised.

    Attributes
    ----------
    member_id
        The member that raised it, in hex; empty where etcd does not say, as of CORRUPT from 3.5.7 on.
    alarm
        Which alarm.
    """

    member_id: str
    alarm: AlarmKind

    @classmethod
    def from_json(cls, fields: Fields) -> Alarm:
        """Read one entry of an alarm list."""
        kind = fields.text("alarm")
        if kind not in AlarmKind.__members__:
            raise fields.reject("alarm", f"one of {', '.join(AlarmKind)}")
        return cls(member_id=fields.hex_id("memberID"), alarm=AlarmKind(kind))
