"""No secret is in the state or in a record."""

from __future__ import annotations

from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge the state, and all records together unless one gives something away."""
    for one in facts.kept:
        if one.silence:
            yield unknown(one.resource, one.silence, seen={"texts_looked_into": one.looked_into})
        elif one.secrets:
            told = "; ".join(f"{', '.join(kinds)} in {place}" for place, kinds in sorted(one.secrets.items()))
            seen = {place: list(kinds) for place, kinds in one.secrets.items()}
            yield failed(one.resource, f"it holds {told}", seen={"places": seen})
        else:
            seen_texts = {"texts_looked_into": one.looked_into}
            yield passed(one.resource, f"no secret in {one.looked_into} texts", seen=seen_texts)
