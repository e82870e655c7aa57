"""A check: what it demands and why, read from its folder, and the function that judges by facts."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fleetkit.checks.facts import FACT_SOURCES, Facts, UnreadFactError
from fleetkit.checks.values import Area, Judgement, Severity, unknown
from fleetkit.core import NotFoundError

__all__ = ["Check", "find_check", "load_checks"]

_CATALOGUE = Path(__file__).parent / "catalogue"
_PACKAGE = "fleetkit.checks.catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One demand on a cluster.

    Attributes
    ----------
    id
        Its name, by which waivers and commands mean it.
    number
        Its place in the catalogue, from 1.
    title
        What is demanded, in a sentence.
    area, severity
        What it is about, and how much a failure weighs.
    why
        What goes wrong where it is not met.
    mend
        How it is mended: a command, a runbook, a field of the cluster file.
    references
        Where others demand the same or explain it.
    facts
        Names of the facts that it judges by; it can read no others.
    judge
        The function: facts to judgements, one for each resource.
    """

    id: str
    number: int
    title: str
    area: Area
    severity: Severity
    why: str
    mend: str
    references: tuple[str, ...]
    facts: tuple[str, ...]
    judge: Callable[[Facts], Iterator[Judgement]]

    @property
    def permissions(self) -> tuple[str, ...]:
        """Actions of AWS that its facts take, sorted."""
        return tuple(sorted({one for name in self.facts for one in FACT_SOURCES[name].permissions}))

    def apply(self, facts: Facts) -> tuple[Judgement, ...]:
        """Judge a cluster; what could not be read is one judgement that says so, and never a pass."""
        try:
            found = tuple(self.judge(facts.only(self.facts)))
        except UnreadFactError as error:
            return (unknown(facts.cluster.name, f"{FACT_SOURCES[error.name].what} could not be read: {error.reason}"),)
        return found or (unknown(facts.cluster.name, "nothing is there that it could look at"),)

    def describe(self) -> dict[str, Any]:
        """Return all that is to be known of it, as plain values."""
        return {
            "id": self.id,
            "number": self.number,
            "title": self.title,
            "area": str(self.area),
            "severity": str(self.severity),
            "why": self.why,
            "mend": self.mend,
            "references": list(self.references),
            "facts": {name: FACT_SOURCES[name].what for name in self.facts},
            "permissions": list(self.permissions),
        }


@cache
def load_checks() -> tuple[Check, ...]:
    """Return all checks, in the order of the catalogue."""
    folders = [one for one in _CATALOGUE.iterdir() if (one / f"{one.name}.json").is_file()]
    return tuple(sorted(map(_load, folders), key=lambda one: one.number))


def find_check(name: str) -> Check:
    """Return a check by its name.

    Raises
    ------
    NotFoundError
        When there is none; names those that there are.
    """
    checks = {one.id: one for one in load_checks()}
    if name not in checks:
        raise NotFoundError(f"there is no check {name!r}", known=sorted(checks))
    return checks[name]


def _load(folder: Path) -> Check:
    told = json.loads((folder / f"{folder.name}.json").read_text(encoding="utf-8"))
    module = importlib.import_module(f"{_PACKAGE}.{folder.name}.{folder.name}")
    return Check(
        id=folder.name.replace("_", "-"),
        number=told["number"],
        title=told["title"],
        area=Area(told["area"]),
        severity=Severity(told["severity"]),
        why=told["why"],
        mend=told["mend"],
        references=tuple(told["references"]),
        facts=tuple(told["facts"]),
        judge=module.judge,
    )
