"""The guide of a change of the number of etcd's members."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import RESIZE_STEPS
from fleetkit.workflows import Reporter, ResizePlan

__all__ = ["ResizeGuide", "begin_resize"]

_NOTEBOOK = "34-resize-etcd"


class ResizeGuide(ChangeGuide):
    """Leads through growing or shrinking etcd: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    """

    _apply_label = "Resize"

    def _plan(self, report: Reporter) -> ResizePlan:
        return workflows.plan_resize(self._guided.open(), report=report)

    def _apply(self, report: Reporter) -> Any:
        return workflows.apply_resize(self._guided.workspace, self._guided.approved, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_resize(self._guided.workspace, report=report)
        return self._guided.verified


def begin_resize(*, cluster: str = "", approve: str = "") -> ResizeGuide:
    """Begin the run of the notebook that grows and shrinks etcd, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    return ResizeGuide(GuidedRun.begin(_NOTEBOOK, cluster=cluster, approve=approve, steps=RESIZE_STEPS))
