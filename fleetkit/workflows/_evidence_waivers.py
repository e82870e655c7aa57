"""Which waivers audits met with, as their records tell it, and what the cluster file says of them now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetkit.config import Waiver
from fleetkit.core import Redactor, format_utc, parse_utc

__all__ = ["WAIVER_COLUMNS", "SeenWaivers"]

WAIVER_COLUMNS = ("check", "resource", "reason", "who", "until", "first met", "last met", "audits", "now")
"""What is told of each waiver."""

_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class _Seen:
    reason: str = ""
    audits: list[dt.datetime] = field(default_factory=list)


class SeenWaivers:
    """Gathers waivers, audit by audit."""

    def __init__(self) -> None:
        self._seen: dict[_Key, _Seen] = {}

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take in what an audit recorded; whoever calls has read it as an audit before."""
        at = parse_utc(facts["at"])
        met: dict[_Key, str] = {}
        for one in facts["results"]:
            if waiver := one["waiver"]:
                met[(one["check"], waiver["resource"], waiver["who"], waiver["until"])] = waiver["reason"]
        for one in facts["waivers"]:
            # What is told of a flawed one is what is wrong with it, and not what it is for.
            met.setdefault((one["check"], one["resource"], one["who"], one["until"]), "")
        for key, reason in met.items():
            seen = self._seen.setdefault(key, _Seen())
            seen.reason = reason or seen.reason
            seen.audits.append(at)

    def list_rows(self, now: Iterable[Waiver] | None, *, today: dt.date) -> list[tuple[str, ...]]:
        """Return a row for each waiver, as `WAIVER_COLUMNS` names its cells.

        Parameters
        ----------
        now
            The waivers of the cluster file; None where there is none, or nobody can read it.
        """
        # What stands in records was redacted when it was written; a cluster file is whatever somebody typed.
        redact = Redactor().redact
        there = {(one.check, redact(one.resource), redact(one.who), str(one.until)): one for one in now or ()}
        for key, waiver in there.items():
            self._seen.setdefault(key, _Seen()).reason = redact(waiver.reason)
        return [
            (
                *key[:2],
                seen.reason,
                *key[2:],
                format_utc(min(seen.audits)) if seen.audits else "",
                format_utc(max(seen.audits)) if seen.audits else "",
                str(len(seen.audits)),
                "not known" if now is None else _tell_now(there.get(key), today),
            )
            for key, seen in sorted(self._seen.items())
        ]


def _tell_now(waiver: Waiver | None, today: dt.date) -> str:
    if waiver is None:
        return "no longer there"
    return "holds" if waiver.holds_on(today) else "expired"
