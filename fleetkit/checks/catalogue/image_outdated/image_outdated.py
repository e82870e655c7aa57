"""Images are current, and their system is maintained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fleetkit.checks.facts import Facts, ImageFact
from fleetkit.checks.values import Judgement, failed, passed, unknown

__all__ = ["judge"]

_MOST_BEHIND = dt.timedelta(days=90)
_ENDED = (
    ("CoreOS-", "CoreOS Container Linux has had no updates since May 2020"),
    ("ubuntu-bionic-18.04", "Ubuntu 18.04 has had no free updates since May 2023"),
    ("ubuntu-focal-20.04", "Ubuntu 20.04 has had no free updates since May 2025"),
)
"""Systems whose publishers have ended them, by a part of their images' names."""


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judge each image that machines run from by how far it is behind the newest of its publisher."""
    for one in facts.images:
        seen = {
            "name": one.name,
            "machines": list(one.machines),
            "created": None if one.created is None else one.created.date().isoformat(),
            "newest": one.newest,
        }
        reason = _find_fault(one, facts.cluster.now)
        if reason:
            told = f"{reason}; of {', '.join(one.machines)}"
            yield failed(one.image_id, told, resource_id=one.image_id, seen=seen)
        elif one.newest_created is None:
            reason = f"{one.name} is of no publisher whose newest image could be looked up"
            yield unknown(one.image_id, reason, resource_id=one.image_id, seen=seen)
        else:
            yield passed(one.image_id, f"{one.name} is current", resource_id=one.image_id, seen=seen)


def _find_fault(image: ImageFact, now: dt.datetime) -> str:
    if not image.name or image.created is None:
        return "its publisher has withdrawn it: no machine can be started from it any more"
    for part, ended in _ENDED:
        if part in image.name:
            return ended
    if not image.available:
        return f"no machine can be started from {image.name}"
    if image.deprecated is not None and image.deprecated <= now:
        return f"{image.name} is deprecated since {image.deprecated.date()}"
    if image.newest_created is not None and image.newest_created - image.created > _MOST_BEHIND:
        return f"{image.name} is {(image.newest_created - image.created).days} days older than {image.newest}"
    return ""
