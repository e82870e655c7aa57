"""The guide of a defragmentation of etcd."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import DEFRAGMENT_STEPS
from fleetkit.workflows import DefragmentPlan, Reporter

__all__ = ["DefragmentGuide", "begin_defragment"]

_NOTEBOOK = "32-defragment-etcd"


class DefragmentGuide(ChangeGuide):
    """Leads through a defragmentation: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    compact, everybody
        As `workflows.plan_defragment` takes them.
    """

    _apply_label = "Defragment"

    def __init__(self, guided: GuidedRun, *, compact: bool, everybody: bool) -> None:
        super().__init__(guided)
        self._compact, self._everybody = compact, everybody

    def _plan(self, report: Reporter) -> DefragmentPlan:
        workspace = self._guided.open()
        return workflows.plan_defragment(workspace, compaction=self._compact, everybody=self._everybody, report=report)

    def _apply(self, report: Reporter) -> Any:
        return workflows.apply_defragment(self._guided.workspace, self._guided.approved, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_defragment(self._guided.workspace, report=report)
        return self._guided.verified


def begin_defragment(
    *, cluster: str = "", approve: str = "", compact: bool = False, everybody: bool = False
) -> DefragmentGuide:
    """Begin the run of the defragmentation's notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    compact
        Whether the history of all keys is dropped first.
    everybody
        Whether members for which it does not pay are taken too.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    parameters = {"compact": compact, "everybody": everybody}
    guided = GuidedRun.begin(_NOTEBOOK, cluster=cluster, approve=approve, steps=DEFRAGMENT_STEPS, **parameters)
    return DefragmentGuide(guided, **parameters)
