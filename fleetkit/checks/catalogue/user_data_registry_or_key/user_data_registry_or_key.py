"""No registry credential and no PEM key is in user data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from fleetkit.checks.facts import Facts
from fleetkit.checks.given_secrets import KINDS_OF_FILES, judge_given
from fleetkit.checks.values import Judgement
from fleetkit.core import name_secrets

__all__ = ["judge"]

_CREDENTIALS = (".dockercfg", ".docker/config.json")


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look into what machines have and templates give."""
    yield from judge_given(facts.given, _find, good="no registry credential and no private key is in its user data")


def _find(place: str, text: str) -> tuple[str, ...]:
    kinds = tuple(one for one in name_secrets(text) if one in KINDS_OF_FILES)
    is_credentials = any(PurePosixPath(place).match(one) for one in _CREDENTIALS) and text.strip() not in ("", "{}")
    return kinds or (("a registry credential",) if is_credentials else ())
