"""What was told of runs of one notebook on one cluster, so that the next one is compared with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetkit.core import FleetkitError, format_utc, parse_utc
from fleetkit.runs import Outcome
from fleetkit.schedule._notice_files import read_json, write_json

__all__ = ["PastTelling", "Told", "read_told", "write_told"]

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTelling:
    """One notice that was made: when, and of which outcome."""

    at: dt.datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of the runs so far.

    Attributes
    ----------
    outcome
        The outcome that whoever is told knows of; None where nothing is known.
    run
        The newest run that ended so: what is different now is told in comparison with it.
    found
        What that run found amiss.
    seen
        What was found amiss lately, by what it is known by again, to when it was seen last.
    judged
        Ids of the last runs that were looked at, so that none is told twice.
    tellings
        The last notices, the oldest first.
    """

    outcome: Outcome | None = None
    run: str = ""
    found: tuple[str, ...] = ()
    seen: Mapping[str, dt.datetime] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    tellings: tuple[PastTelling, ...] = ()


def read_told(file: Path) -> Told:
    """Read what was told; nothing where there is no such file.

    Raises
    ------
    FleetkitError
        When the file is damaged.
    """
    if not file.exists():
        return Told()
    document = read_json(file, version=_FORMAT)
    try:
        return Told(
            outcome=None if document["outcome"] is None else Outcome(document["outcome"]),
            run=str(document["run"]),
            found=tuple(map(str, document["found"])),
            seen={str(name): parse_utc(at) for name, at in document["seen"].items()},
            judged=tuple(map(str, document["judged"])),
            tellings=tuple(
                PastTelling(at=parse_utc(one["at"]), outcome=Outcome(one["outcome"])) for one in document["tellings"]
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FleetkitError(
            f"{file} does not say what was told", seen=f"{type(error).__name__}: {error}", hint="remove it"
        ) from error


def write_told(file: Path, told: Told) -> None:
    """Keep what was told.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    document: dict[str, Any] = {
        "format": _FORMAT,
        "outcome": told.outcome,
        "run": told.run,
        "found": list(told.found),
        "seen": {name: format_utc(at) for name, at in told.seen.items()},
        "judged": list(told.judged),
        "tellings": [{"at": format_utc(one.at), "outcome": one.outcome} for one in told.tellings],
    }
    write_json(file, document)
