"""Values of a plan in a few words."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["show_value"]

_LONGEST = 60


def show_value(value: Any) -> str:
    """Write a value of a plan in a few words; long ones are cut, and say how long they were."""
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
