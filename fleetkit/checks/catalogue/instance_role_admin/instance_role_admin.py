"""No instance role is an administrator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_ALL = ("*", "*:*", "iam:*")
_ALL_THERE_IS = re.compile(r"\*|arn:\*|arn:[^:]*:iam::[^:]*:\*")
"""Everything, or all of IAM: who may change every role has whatever one may have."""


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look for a statement that allows everything, or all of IAM, on everything."""
    for role in facts.roles:
        bad = sorted(name for name, document in role.policies.items() if any(map(_is_admin, _statements(document))))
        seen = {"policies": sorted(role.policies)}
        if bad:
            reason = f"it may do everything by {', '.join(bad)}"
            yield failed(role.resource, reason, resource_id=role.role_name, seen={**seen, "administrator": bad})
        else:
            yield passed(role.resource, "it may do what its policies name", resource_id=role.role_name, seen=seen)


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def _is_admin(statement: Mapping[str, Any]) -> bool:
    # What is allowed but for some, or on all but some, is everything else.
    everywhere = "NotResource" in statement or any(map(_ALL_THERE_IS.fullmatch, _list(statement.get("Resource"))))
    if statement.get("Effect") != "Allow" or not everywhere:
        return False
    return "NotAction" in statement or any(one.lower() in _ALL for one in _list(statement.get("Action")))


def _list(found: Any) -> list[str]:
    return [found] if isinstance(found, str) else list(found or [])
