"""The guide of a destroy."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.ui._step import StepCard
from fleetkit.views import DESTROY_STEPS
from fleetkit.workflows import DestroyPlan, Reporter

__all__ = ["DestroyGuide", "begin_destroy"]

_NOTEBOOK = "90-destroy-cluster"


class DestroyGuide(ChangeGuide):
    """Leads through a destroy: plan, approve, apply, sweep, verify, outcome."""

    _apply_label = "Destroy"

    def sweep(self) -> Any:
        """Remove what is left over and Terraform does not know."""
        return self._guided.show(
            "sweep", self._sweep, lambda *step: StepCard(*step, label="Sweep", again="Sweep again")
        )

    def _plan(self, report: Reporter) -> DestroyPlan:
        return workflows.plan_destroy(self._guided.open(), approval=self._guided.given, report=report)

    def _apply(self, report: Reporter) -> Any:
        guided = self._guided
        return workflows.apply_destroy(guided.workspace, guided.approved, report=report, stop=guided.stop)

    def _sweep(self, report: Reporter) -> Any:
        return workflows.sweep_leftovers(self._guided.workspace, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_emptiness(self._guided.workspace, report=report)
        return self._guided.verified


def begin_destroy(*, cluster: str = "", approve: str = "") -> DestroyGuide:
    """Begin the run of the destroy notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves its removal where nobody is there to type it.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    return DestroyGuide(GuidedRun.begin(_NOTEBOOK, cluster=cluster, approve=approve, steps=DESTROY_STEPS))
