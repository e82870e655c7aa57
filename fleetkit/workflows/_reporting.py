"""Who is told what a workflow does while it does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleetkit.runs import EventKind
    from fleetkit.terraform import Event

__all__ = ["Reporter"]


def _tell_nobody(*_what: object) -> None:
    """Take what is told, and keep silent about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who is told what goes on: words for people, Terraform's events for bars, and facts for the record.

    Attributes
    ----------
    note
        Told one line at a time.
    event
        Told each event of Terraform, as it happens.
    record
        Told what an auditor is to find later: the kind of event, and its facts as plain JSON values.
    """

    note: Callable[[str], None] = _tell_nobody
    event: Callable[[Event], None] = _tell_nobody
    record: Callable[[EventKind, Mapping[str, Any]], None] = _tell_nobody
