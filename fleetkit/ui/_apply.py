"""The apply's card: a bar, what is being made and for how long, the time left, the log on demand, and a way to stop."""

from __future__ import annotations

from collections import deque
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.core import SYSTEM_CLOCK, StoppedError, format_duration
from fleetkit.terraform import Event
from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.ui._step import StepCard
from fleetkit.ui._work import Ticker
from fleetkit.views import ApplyLog, ApplyView, Pace, StepState, Throttle, choose_pace
from fleetkit.workflows import Reporter, StopRequest, read_paces

__all__ = ["ApplyCard"]

_LONGEST_LOG = 300
_SHOWN_RUNNING = 6
_TICK_S = 1.0


class ApplyCard(StepCard):
    """Shows an apply while it goes on; its button stops it in good order."""

    def _actions(self) -> widgets.Widget:
        self._cancel = _parts.button(
            "Cancel", self.cancel, style="warning", tooltip="Let Terraform finish what it has begun, and go no further"
        )
        self._toggle = widgets.ToggleButton(
            value=False, description="Show the log", tooltip="What Terraform said", layout=widgets.Layout(width="auto")
        )
        self._toggle.observe(lambda _change: self._draw_log(), "value")
        return _parts.row(self._go, self._cancel, self._toggle)

    def _after(self) -> tuple[widgets.Widget, ...]:
        self._bar = widgets.IntProgress(value=0, max=1, description="Progress", layout=widgets.Layout(width="60%"))
        self._now, self._log_shown = _parts.html(), _parts.html()
        self._reset()
        return (self._bar, self._now, self._result, self._log_shown)

    def cancel(self) -> None:
        """Ask the apply to stop in good order."""
        self.guided.stop.ask()
        self._draw()
        self._draw_progress()

    def _reset(self) -> None:
        self.guided.stop = StopRequest()
        self._lines: deque[str] = deque(maxlen=_LONGEST_LOG)
        self._log: ApplyLog | None = None
        self._pace: Pace | None = None
        self._throttle = Throttle()
        self._since_s = SYSTEM_CLOCK.monotonic()
        self._bar.value, self._bar.bar_style = 0, ""
        self._now.value = self._result.value = ""

    def _prepare(self) -> None:
        with self._lock:
            self._reset()
            self._log = ApplyLog(ApplyView.for_plan(self.guided.planned.saved.plan))
            self._bar.max = max(1, self._log.view.total)
        self._draw_log()
        self._draw()

    def _reporter(self) -> Reporter:
        return self.guided.reporter(note=self._note, event=self._event)

    def _work(self) -> Any:
        pace = choose_pace(read_paces(self.guided.workspace), total=self._bar.max)
        with self._lock:
            self._pace = pace
        with Ticker(_TICK_S, self._draw_progress):
            return super()._work()

    def _note(self, text: str) -> None:
        super()._note(text)
        with self._lock:
            self._lines.append(text)

    def _event(self, event: Event) -> None:
        with self._lock:
            if self._log is not None:
                self._lines.extend(self._log.lines_for(event))
            is_due = self._throttle.is_due()
        if is_due:
            self._draw_progress()

    def _show(self, result: Any) -> tuple[StepState, str]:
        with self._lock:
            self._bar.value, self._bar.bar_style = self._bar.max, "success"
        self._now.value = ""
        self._result.value = _parts.box_html(escape(str(result)), tone=Tone.GOOD)
        self._draw_log()
        return StepState.PASSED, str(result)

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            self._bar.bar_style = "warning" if isinstance(error, StoppedError) else "danger"
        self._draw_progress()
        self._draw_log()
        super()._failed(error)

    def _explain(self, error: BaseException) -> str:
        if not isinstance(error, StoppedError):
            return super()._explain(error)
        # The way on stands below the card, as for every step: the error's own hint is for who has no guide.
        with self._lock:
            left = self._log.view.left_behind if self._log is not None else ()
        before = (f"Completed before that: {', '.join(error.completed)}.",) if error.completed else ()
        return _parts.box_html("<br>".join(map(escape, (f"{error.what}.", *before, *left))), tone=Tone.CARE)

    def _draw(self) -> None:
        step = self.guided.steps[self.name]
        with self._lock:
            self._cancel.disabled = step.state is not StepState.RUNNING or self.guided.stop.asked
        super()._draw()

    def _put_back(self) -> None:
        super()._put_back()
        self._reset()

    def _draw_progress(self) -> None:
        """Show how far it is; from the work's thread, and from the ticker's."""
        now_s = SYSTEM_CLOCK.monotonic()
        with self._lock:
            if self._log is None:
                return
            view = self._log.view
            self._bar.value = min(view.done, self._bar.max)
            self._now.value = _parts.box_html("<br>".join(self._progress_lines(view, now_s)))
        self._draw_log()

    def _progress_lines(self, view: ApplyView, now_s: float) -> list[str]:
        spent_s = now_s - self._since_s
        first = f"{view.done} of {view.total} done after {format_duration(spent_s)}"
        lines = [escape(first)]
        if self._pace is not None and view.done < view.total and not self._bar.bar_style:
            left = format_duration(round(self._pace.estimate_s(done=view.done, total=view.total)))
            lines[0] += f", about {left} left as an earlier run went"
        if self.guided.stop.asked and not self._bar.bar_style:
            lines.append(f"{_parts.badge_html('stopping', Tone.CARE)} what has been begun is finished first")
        running = sorted(view.running.values(), key=lambda one: one.since_s)
        for one in running[:_SHOWN_RUNNING]:
            waited = format_duration(one.elapsed_s(now_s))
            lines.append(f"{escape(one.action)} <code>{escape(one.address)}</code> for {waited}")
        if len(running) > _SHOWN_RUNNING:
            lines.append(f"and {len(running) - _SHOWN_RUNNING} more")
        # What a stop broke off has not failed: the card names it apart.
        for failed in view.failed.values() if self._bar.bar_style != "warning" else ():
            lines.append(f"{_parts.badge_html('failed', Tone.BAD)} <code>{escape(failed.address)}</code>")
        return lines

    def _draw_log(self) -> None:
        with self._lock:
            if not self._toggle.value:
                self._log_shown.value = ""
                return
            text = escape("\n".join(self._lines)) or "nothing yet"
            style = f"max-height:20em;overflow:auto;border:{_parts.BORDER};padding:.4em;line-height:1.35;margin:0"
            self._log_shown.value = f'<pre tabindex="0" style="{style}">{text}</pre>'
