"""What the verbs of ``fleetkit runs`` tell of a record with ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetkit.runs import StoredRun

__all__ = ["facts_of"]


def facts_of(stored: StoredRun) -> dict[str, object]:
    """Return what ``run.json`` says of a record, and where the record lies."""
    return {**stored.record.to_json(), "folder": str(stored.folder)}
