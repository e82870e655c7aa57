"""How checks look for secrets in what machines are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from fleetkit.checks.facts import GivenFact
from fleetkit.checks.values import Judgement, failed, passed
from fleetkit.core import name_secrets

__all__ = ["KINDS_OF_FILES", "judge_given", "name_given"]

KINDS_OF_FILES = ("a private key", "a registry credential")
"""What stands in files of its own, and is demanded by a check of its own."""

_ASSIGNED = re.compile(
    r"""(?i)(?:pass(?:word|wd|phrase)|secret|api_?key)["']?\s*[=:]\s*["']?[^\s"'$<>{}()\[\]/:,;]{8,}(?=[\s"',;]|$)"""
)
"""A name that means a secret, with a value that is neither a variable, a path nor a reference."""


def name_given(text: str) -> tuple[str, ...]:
    """Return which kinds of secrets a text gives away, a word with a value among them."""
    kinds = name_secrets(text)
    # A value that is told by its shape is not told by its name too; what stands in files of its own is no such value.
    told = set(kinds) - set(KINDS_OF_FILES)
    return (*kinds, "a password") if not told and _ASSIGNED.search(text) else kinds


def judge_given(
    given: Sequence[GivenFact], find: Callable[[str, str], tuple[str, ...]], *, good: str
) -> Iterator[Judgement]:
    """Judge each that is given something by the kinds of secrets that ``find`` sees at a place in a text."""
    for one in given:
        seen = {place: list(kinds) for place, text in one.texts.items() if (kinds := find(place, text))}
        if seen:
            told = "; ".join(f"{', '.join(kinds)} in {place}" for place, kinds in sorted(seen.items()))
            yield failed(one.resource, f"it holds {told}", resource_id=one.resource_id, seen={"places": seen})
        else:
            yield passed(
                one.resource, good, resource_id=one.resource_id, seen={"places_looked_into": sorted(one.texts)}
            )
