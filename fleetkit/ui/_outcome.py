"""The last card: how the run ended, where the cluster is reached, and a button that opens the tunnel."""

from __future__ import annotations

import contextlib
import shlex
from html import escape
from typing import Any

import ipywidgets as widgets

from fleetkit.ui import _parts
from fleetkit.ui._guided import GuidedRun
from fleetkit.ui._parts import Tone
from fleetkit.ui._step import StepCard
from fleetkit.ui._work import Work
from fleetkit.views import StepState, table_html
from fleetkit.workflows import WayIn, open_way_in

__all__ = ["OutcomeCard", "TunnelPanel"]


class TunnelPanel:
    """Opens and closes the way in to etcd's members."""

    def __init__(self, guided: GuidedRun) -> None:
        self._guided = guided
        self._work = Work()
        self._open: contextlib.ExitStack | None = None
        self._button = _parts.button("Open the tunnel", self.press)
        self._shown, self._news = _parts.html(), _parts.html()
        self.widget = widgets.VBox([_parts.row(self._button), self._shown, self._news])
        self.widget.layout.display = "none"

    def press(self) -> None:
        """Open the tunnel, or close it where it is open."""
        self._button.disabled = True
        words, act = ("closing", self._close) if self._open else ("opening", self._enter)
        self._shown.value = _parts.box_html(f"{_parts.badge_html(words, Tone.BUSY)} the tunnel")
        self._work.start(act, done=self._show, failed=self._fail)

    def _enter(self) -> WayIn | None:
        with contextlib.ExitStack() as stack:
            way = stack.enter_context(open_way_in(self._guided.workspace, on_event=self._hear))
            self._open = stack.pop_all()
        return way

    def _close(self) -> WayIn | None:
        stack, self._open = self._open, None
        self._news.value = ""
        if stack is not None:
            stack.close()
        return None

    def _show(self, way: WayIn | None) -> None:
        if way is None:
            self._shown.value = _parts.box_html(f"{_parts.badge_html('closed', Tone.QUIET)} the tunnel")
        else:
            ports = [(escape(one.name), f"<code>{one.dialled}</code>", escape(one.host)) for one in way.endpoints]
            lines = "\n".join(f"export {name}={shlex.quote(text)}" for name, text in way.etcdctl_environment.items())
            self._shown.value = _parts.box_html(
                f"{_parts.badge_html('open', Tone.GOOD)} the tunnel"
                + table_html(("member", "here", "there"), ports, label="where each member is reached")
                + f'<p>For etcdctl on this computer:</p><pre tabindex="0">{escape(lines)}</pre>'
            )
        self._button.description = "Open the tunnel" if way is None else "Close the tunnel"
        self._button.disabled = False

    def _fail(self, error: BaseException) -> None:
        self._shown.value = _parts.problem_html(error)
        self._button.disabled = False

    def _hear(self, event: Any) -> None:
        """Show when the tunnel is lost and found again."""
        if self._open is not None and str(event.state) != "closed":
            self._news.value = _parts.box_html(f"tunnel {escape(str(event.state))}: {escape(event.reason)}")


class OutcomeCard(StepCard):
    """Closes the record, and says where to go from here."""

    def _after(self) -> tuple[widgets.Widget, ...]:
        self._tunnel = TunnelPanel(self.guided)
        return (self._result, self._tunnel.widget)

    def _show(self, result: Any) -> tuple[StepState, str]:
        # Names are read letter by letter, so the table scrolls where it is too wide, and breaks no word.
        words = f'<div style="overflow-x:auto;overflow-wrap:normal">{result._repr_html_()}</div>'
        self._result.value = _parts.box_html(words)
        if result.has_tunnel:
            self._tunnel.widget.layout.display = None
        return StepState.PASSED, ""
