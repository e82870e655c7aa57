"""The journal of a run: what happened, in the order in which it happened."""

from fleetkit.runs.journal.events import EventKind

__all__ = ["EventKind"]
