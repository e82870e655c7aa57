"""Facts of who may do what, and of what is kept of the cluster: keys, roles, state, records, buckets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BucketFact", "CallerFact", "KeptFact", "KeyFact", "RoleFact", "StateFact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFact:
    """An access key; ``number`` tells it from others of its user, the oldest first, from 1."""

    number: int
    created: dt.datetime
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFact:
    """Whose credentials the audit is made with; ``keys`` are none where they end by themselves, as a role's do."""

    name: str
    keys: tuple[KeyFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFact:
    """The role that machines of one kind have.

    Attributes
    ----------
    resource
        The kind: master, internal, public, bastion or deploy.
    policies
        Each policy to its document: one of the role's own by its name, one that is attached by its ARN.
    """

    resource: str
    role_name: str
    policies: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFact:
    """A bucket as it is set up; ``encryption`` is the algorithm, empty where none is set."""

    name: str
    encryption: str
    versioned: bool
    closed: bool
    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFact:
    """Where Terraform's state lies; ``bucket`` is None where it is a file of one computer."""

    resource: str
    bucket: BucketFact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFact:
    """Something that is kept of the cluster, and the kinds of secrets that stand in it.

    Attributes
    ----------
    resource
        What it is: the state, or a record by its name.
    looked_into
        How many texts were.
    secrets
        Each text that gives some away to their kinds.
    silence
        Why it could not be looked into; empty where it was.
    """

    resource: str
    looked_into: int
    secrets: Mapping[str, tuple[str, ...]]
    silence: str = ""
