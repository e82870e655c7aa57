"""What a journal tells of: the closed set of its events."""

from __future__ import annotations

import enum

__all__ = ["EventKind"]


class EventKind(enum.StrEnum):
    """What happened."""

    RUN_STARTED = "run started"
    STEP_STARTED = "step started"
    STEP_ENDED = "step ended"
    FACT = "fact observed"
    PLAN = "plan made"
    APPROVAL = "approval"
    CHANGE = "change applied"
    VERIFIED = "verified"
    FAILED = "failed"
    FINISHED = "finished"
    SIGNATURE = "signature"
    """Vouches for every line before it."""
