"""What guided changes have in common: plan, approve, apply, verify, and the outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from typing import Any

from fleetkit import workflows
from fleetkit.core import TerraformError
from fleetkit.ui._approve import ApproveCard, Planned
from fleetkit.ui._guided import GuidedRun
from fleetkit.ui._plan import DrawnPlan, PlanCard
from fleetkit.ui._step import StepCard
from fleetkit.workflows import Reporter

__all__ = ["ChangeGuide"]


class ChangeGuide(ABC):
    """A guided change; each call is one cell of its notebook.

    With a person before the notebook a call shows a widget and returns at once; else it does its work and returns
    the result.

    Parameters
    ----------
    guided
        What the steps share.
    """

    def __init__(self, guided: GuidedRun) -> None:
        self._guided = guided

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guided.run!r})"

    def _repr_html_(self) -> str:
        return self._guided.run._repr_html_()

    def plan(self) -> Any:
        """Plan, and show what would change; changes nothing."""
        return self._guided.show("plan", self._draw, lambda *step: PlanCard(*step, label="Plan", again="Plan again"))

    def approve(self) -> Any:
        """Approve the plan that was shown, by the cluster's name."""
        return self._guided.show("approve", self._approve, lambda *step: ApproveCard(*step, label="Approve"))

    def apply(self) -> Any:
        """Apply exactly what was approved."""
        return self._guided.show(
            "apply", self._apply, lambda *step: self._apply_card(*step, label=self._apply_label, style="danger")
        )

    def verify(self) -> Any:
        """Look whether it came out as it should."""
        return self._guided.show(
            "verify", self._verify, lambda *step: StepCard(*step, label="Verify", again="Verify again")
        )

    def outcome(self) -> Any:
        """Close the record."""
        return self._guided.show("outcome", self._outcome, lambda *step: StepCard(*step, label="Close the record"))

    _apply_label = "Apply"
    _apply_card: type[StepCard] = StepCard

    @abstractmethod
    def _plan(self, report: Reporter) -> Planned:
        """Plan the change; changes nothing."""

    def _draw(self, report: Reporter) -> DrawnPlan:
        self._guided.planned = planned = self._plan(report)
        try:
            picture = f'<div style="overflow:auto">{planned.draw()}</div>'
        except TerraformError as error:
            # The plan itself is there and can be judged without it.
            picture = f"<p>The picture of the plan could not be drawn: {escape(str(error))}</p>"
        return DrawnPlan(planned=planned, picture=picture)

    @abstractmethod
    def _apply(self, report: Reporter) -> Any:
        """Do what was approved."""

    @abstractmethod
    def _verify(self, report: Reporter) -> Any:
        """Look whether it came out as it should."""

    def _outcome(self, _report: Reporter) -> Any:
        return self._guided.run.finish(self._guided.verified)

    def _approve(self, _report: Reporter) -> Any:
        guided = self._guided
        _ = guided.workspace  # a file that has changed since takes the plan back
        guided.approved = workflows.approve(guided.planned, guided.approve)
        return guided.approved
