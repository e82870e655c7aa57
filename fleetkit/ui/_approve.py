"""The approval's card: what is to be approved, and a field for the cluster's name."""

from __future__ import annotations

from html import escape
from typing import Any, Protocol

import ipywidgets as widgets

from fleetkit.ui import _parts
from fleetkit.ui._parts import Tone
from fleetkit.ui._step import StepCard
from fleetkit.views import PlanView, StepState, alarm_html

__all__ = ["ApproveCard", "Planned"]


class Planned(Protocol):
    """What a plan of any workflow tells of itself."""

    @property
    def cluster(self) -> str:
        """Name of the cluster."""

    @property
    def view(self) -> PlanView:
        """What Terraform would change."""

    @property
    def sha256(self) -> str:
        """Fingerprint of what was shown."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""

    @property
    def opening(self) -> str:
        """What it does, in one sentence."""

    @property
    def beyond_terraform(self) -> tuple[str, ...]:
        """What is done beside Terraform's plan, a paragraph each."""

    def draw(self) -> str:
        """Return a picture of the plan."""

    def _repr_html_(self) -> str:
        """Return how it stands in a notebook."""


class ApproveCard(StepCard):
    """Asks for the cluster's name, and hands on what was typed."""

    def _before(self) -> tuple[widgets.Widget, ...]:
        self._what = _parts.html()
        return (self._what,)

    def _actions(self) -> widgets.Widget:
        self._field = widgets.Text(
            value=self.guided.approve,
            description="Cluster",
            placeholder="type the cluster's name",
            # Letter by letter, the last ones wait for the kernel, and a press of the button overtakes them.
            continuous_update=False,
            layout=widgets.Layout(width="28em"),
        )
        return _parts.row(self._field, self._go)

    def _prepare(self) -> None:
        self.guided.approve = str(self._field.value).strip()

    def _show(self, result: Any) -> tuple[StepState, str]:
        self._result.value = _parts.box_html(escape(str(result)), tone=Tone.GOOD)
        return StepState.PASSED, str(result)

    def _draw(self) -> None:
        planned: Planned | None = self.guided.planned
        step = self.guided.steps[self.name]
        with self._lock:
            waits = planned is None or step.state is StepState.WAITING
            self._what.value = "" if waits else _parts.box_html(_describe(planned))
            self._field.disabled = not self.guided.steps.is_open(self.name)
        super()._draw()


def _describe(planned: Any) -> str:
    if planned.is_empty:
        return "The plan is empty: there is nothing to approve, and no name is needed."
    alarms = "".join(f"<br>{alarm_html(alarm)}" for alarm in planned.view.alarms)
    return (
        f"{escape(planned.opening)}{alarms}<br>sha256 of the plan: <code>{planned.sha256}</code><br>"
        f"Nothing has changed yet. To approve exactly this plan, type the name of its cluster, "
        f"<strong>{escape(planned.cluster)}</strong>."
    )
