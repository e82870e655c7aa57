"""The guide of a replacement of a member of etcd."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import REPLACE_STEPS
from fleetkit.workflows import ReplacePlan, Reporter

__all__ = ["ReplaceGuide", "begin_replace"]

_NOTEBOOK = "30-replace-member"


class ReplaceGuide(ChangeGuide):
    """Leads through a replacement: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    member, anew
        As `workflows.plan_replace` takes them.
    """

    _apply_label = "Replace"

    def __init__(self, guided: GuidedRun, *, member: str, anew: bool) -> None:
        super().__init__(guided)
        self._member, self._anew = member, anew

    def _plan(self, report: Reporter) -> ReplacePlan:
        return workflows.plan_replace(self._guided.open(), self._member, anew=self._anew, report=report)

    def _apply(self, report: Reporter) -> Any:
        return workflows.apply_replace(self._guided.workspace, self._guided.approved, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_replace(self._guided.workspace, self._member, report=report)
        return self._guided.verified


def begin_replace(*, cluster: str = "", member: str = "", approve: str = "", anew: bool = False) -> ReplaceGuide:
    """Begin the run of the replacement's notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    member
        Name of the member.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    anew
        Whether a new machine that is there already is replaced once more.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    guided = GuidedRun.begin(_NOTEBOOK, cluster=cluster, approve=approve, steps=REPLACE_STEPS, member=member, anew=anew)
    return ReplaceGuide(guided, member=member, anew=anew)
