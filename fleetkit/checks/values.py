"""What a check says: of each resource whether it is as demanded, or that nobody could tell, and why."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Area", "Judgement", "Severity", "Verdict", "failed", "passed", "unknown"]


class Verdict(enum.StrEnum):
    """How a resource stands before a check."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """What it would be judged by could not be read; that is no pass."""


class Severity(enum.StrEnum):
    """How much a failure weighs; the worse first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def is_at_least(self, other: Severity) -> bool:
        """Return whether it weighs as much as another, or more."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


class Area(enum.StrEnum):
    """What a check is about."""

    NETWORK = "network"
    COMPUTE = "compute"
    LOAD_BALANCERS = "load balancers"
    ACCESS_AND_STATE = "access and state"
    ETCD = "etcd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a check says of one resource.

    Attributes
    ----------
    resource
        What people call it, and by which a waiver names it: a role, a member, a load balancer's short name.
    verdict
        How it stands.
    reason
        Why, in a clause.
    resource_id
        What AWS calls it; empty where it is nothing of AWS.
    evidence
        The facts that it was judged by, as plain values; no secret among them.
    """

    resource: str
    verdict: Verdict
    reason: str
    resource_id: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def passed(resource: str, reason: str, *, resource_id: str = "", seen: Mapping[str, Any] | None = None) -> Judgement:
    """Return that a resource is as demanded."""
    return Judgement(
        resource=resource, verdict=Verdict.PASSED, reason=reason, resource_id=resource_id, evidence=seen or {}
    )


def failed(resource: str, reason: str, *, resource_id: str = "", seen: Mapping[str, Any] | None = None) -> Judgement:
    """Return that a resource is not as demanded."""
    return Judgement(
        resource=resource, verdict=Verdict.FAILED, reason=reason, resource_id=resource_id, evidence=seen or {}
    )


def unknown(resource: str, reason: str, *, resource_id: str = "", seen: Mapping[str, Any] | None = None) -> Judgement:
    """Return that nobody could tell how a resource stands."""
    return Judgement(
        resource=resource, verdict=Verdict.UNKNOWN, reason=reason, resource_id=resource_id, evidence=seen or {}
    )
