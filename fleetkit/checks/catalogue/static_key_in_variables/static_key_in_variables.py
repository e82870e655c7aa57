"""No AWS key is in Terraform's variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed
from fleetkit.core import name_secrets

__all__ = ["judge"]

_NAMED = re.compile(
    r"""(?i)(?<![\w-])(?:aws_)?(?:access_key|secret_key|secret_access_key)(?:_id)?["']?\s*[=:]\s*["'][^"']+"""
)
_KINDS = ("an AWS access key", "an AWS secret key", "an AWS session token")


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look into each file that gives Terraform its variables, and into the provider's and the backend's."""
    for name, text in sorted(facts.variables.items()):
        kinds = [one for one in name_secrets(text) if one in _KINDS]
        if not kinds and _NAMED.search(text):
            kinds = ["an AWS key by its name"]
        if kinds:
            yield failed(name, f"it holds {', '.join(kinds)}", seen={"kinds": kinds})
        else:
            yield passed(name, "no AWS key is in it", seen={"characters_looked_into": len(text)})
