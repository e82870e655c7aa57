"""No access key is older than 90 days, and each user has one alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fleetkit.checks.facts import Facts
from fleetkit.checks.values import Judgement, failed, passed

__all__ = ["judge"]

_OLDEST = dt.timedelta(days=90)


def judge(facts: Facts) -> Iterator[Judgement]:
    """Look at the keys of whoever makes the audit: those of others are none of the cluster's."""
    caller = facts.caller
    active = [one for one in caller.keys if one.active]
    seen = {"keys": [{"created": one.created.date().isoformat(), "active": one.active} for one in caller.keys]}
    ages = [(facts.cluster.now - one.created).days for one in active]
    old = [age for age, one in zip(ages, active, strict=True) if facts.cluster.now - one.created > _OLDEST]
    if old:
        yield failed(caller.name, f"an access key is {max(old)} days old", seen=seen)
    elif len(active) > 1:
        yield failed(caller.name, f"{len(active)} access keys are active", seen=seen)
    elif active:
        yield passed(caller.name, f"the access key is {ages[0]} days old", seen=seen)
    else:
        yield passed(caller.name, "its credentials end by themselves", seen=seen)
