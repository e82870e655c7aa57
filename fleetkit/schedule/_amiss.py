"""What a run found amiss, out of its journal: by names that the next run's findings have too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fleetkit.runs import read_digest

__all__ = ["name_finding", "read_amiss"]

_AMISS = ("failed", "unknown")

# By itself, and no part of a name, an address or a date.
_NUMBER = re.compile(r"(?<![\w.:-])\d+(?:\.\d+)?(?![\w:-]|\.\d)")


def name_finding(line: str) -> str:
    """Return by what a finding is known again: what expires in 29 days is what expired in 30 the day before."""
    return _NUMBER.sub("#", line)


def read_amiss(folder: Path) -> tuple[str, ...] | None:
    """Return what the run of a record found amiss, a line each.

    None where that is not known: its journal cannot be read to its end, or tells of no look at all, as that of a run
    which failed before it had looked. Such a run has mended nothing.
    """
    digest = read_digest(folder)
    if digest.remark or not {"audit", "findings"} & set(digest.facts):
        return None
    return tuple(
        dict.fromkeys([*_of_audit(digest.facts.get("audit", {})), *_of_inspection(digest.facts.get("findings", {}))])
    )


def _of_audit(fact: Mapping[str, Any]) -> Iterator[str]:
    for one in _items(fact, "results"):
        if one.get("state") in _AMISS:
            # The reason is left out: it changes with every look, and the finding is still the same.
            yield f"{one.get('severity', '')} {one.get('check', '')}: {one.get('resource', '')} {one['state']}".strip()
    for one in _items(fact, "waivers"):
        yield f"waiver of {one.get('check', '')} for {one.get('resource', '')}: {one.get('flaw', '')}"


def _of_inspection(fact: Mapping[str, Any]) -> Iterator[str]:
    found = fact.get("findings")
    for one in found if isinstance(found, list) else ():
        yield one if isinstance(one, str) else str(one.get("name") or one.get("title") or one)


def _items(fact: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = fact.get(name)
    yield from (one for one in (found if isinstance(found, list) else ()) if isinstance(one, Mapping))
