"""No secret is in user data or launch templates."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.given_secrets import KINDS_OF_FILES, judge_given, name_given
from fleetkit.checks.values import Judgement

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look into what machines have and templates give; keys and credentials of registries are another check's."""
    yield from judge_given(facts.given, _find, good="no secret is in its user data")


def _find(_place: str, text: str) -> tuple[str, ...]:
    return tuple(one for one in name_given(text) if one not in KINDS_OF_FILES)
