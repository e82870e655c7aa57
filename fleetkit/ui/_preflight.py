"""The preflight's card: a line for each thing that was looked at, with what was seen and how to mend it."""

from __future__ import annotations

from html import escape
from typing import Any

from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.ui._step import StepCard
from fleetkit.views import StepState, table_html

__all__ = ["PreflightCard"]

_TONES = {"ok": Tone.GOOD, "warning": Tone.CARE, "failure": Tone.BAD}
_ORDER = ("failure", "warning", "ok")


class PreflightCard(StepCard):
    """Shows what the preflight saw, what must be mended first."""

    def _show(self, result: Any) -> tuple[StepState, str]:
        lines = sorted(result.lines, key=lambda line: _ORDER.index(str(line.status)))
        rows = [
            (
                _parts.badge_html(str(line.status), _TONES[str(line.status)]),
                f"<code>{escape(line.check_id)}</code>",
                escape(line.seen),
                escape(line.mend),
            )
            for line in lines
        ]
        table = table_html(("state", "check", "seen", "how to mend it"), rows, label="what the preflight saw")
        self._result.value = _parts.box_html(f"<p>{escape(result.summary)}.</p>{table}")
        return (StepState.PASSED if result.ok else StepState.FAILED), result.summary
