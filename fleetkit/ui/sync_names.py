"""The guide of a sync of services' names."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.fleet import parse_fleet_endpoint
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import SYNC_NAMES_STEPS
from fleetkit.workflows import DnsSyncPlan, Reporter

__all__ = ["SyncNamesGuide", "begin_sync_names"]

_NOTEBOOK = "38-sync-names"


class SyncNamesGuide(ChangeGuide):
    """Leads through a sync of services' names: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    endpoint
        A fleet that is read directly, as fleetctl names it; empty goes the cluster's way in.
    remove_last
        As `workflows.plan_dns_sync` takes it.
    """

    _apply_label = "Change the names"

    def __init__(self, guided: GuidedRun, *, endpoint: str, remove_last: bool) -> None:
        super().__init__(guided)
        self._endpoint = parse_fleet_endpoint(endpoint) if endpoint else None
        self._remove_last = remove_last

    def _plan(self, report: Reporter) -> DnsSyncPlan:
        workspace = self._guided.open()
        return workflows.plan_dns_sync(workspace, endpoint=self._endpoint, remove_last=self._remove_last, report=report)

    def _apply(self, report: Reporter) -> Any:
        return workflows.apply_dns_sync(self._guided.workspace, self._guided.approved, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_dns_sync(
            self._guided.workspace, endpoint=self._endpoint, report=report
        )
        return self._guided.verified


def begin_sync_names(
    *, cluster: str = "", approve: str = "", endpoint: str = "", remove_last: bool = False
) -> SyncNamesGuide:
    """Begin the run of the sync's notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    endpoint
        A fleet that is read directly, as fleetctl names it; empty goes the cluster's way in.
    remove_last
        Whether names go of which no instance is healthy.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, no record can be written, or the endpoint is none.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    parameters: dict[str, bool | str] = {"endpoint": endpoint, "remove_last": remove_last}
    guided = GuidedRun.begin(_NOTEBOOK, cluster=cluster, approve=approve, steps=SYNC_NAMES_STEPS, **parameters)
    return SyncNamesGuide(guided, endpoint=endpoint, remove_last=remove_last)
