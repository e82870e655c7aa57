"""The guide of a restore of etcd."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import RESTORE_STEPS
from fleetkit.workflows import Reporter, RestorePlan

__all__ = ["RestoreGuide", "begin_restore"]

_NOTEBOOK = "41-restore-etcd"


class RestoreGuide(ChangeGuide):
    """Leads through a restore: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    place, backup, origin, identity, overwrite
        As `workflows.plan_restore` takes them.
    """

    _apply_label = "Restore"

    def __init__(
        self, guided: GuidedRun, *, place: str, backup: str, origin: str, identity: str, overwrite: bool
    ) -> None:
        super().__init__(guided)
        self._place, self._backup, self._backup_of = place, backup, origin
        self._identity, self._overwrite = identity, overwrite
        self._applied: Any = None

    def _plan(self, report: Reporter) -> RestorePlan:
        return workflows.plan_restore(
            self._guided.open(),
            place=self._place,
            backup=self._backup,
            origin=self._backup_of,
            identity=self._identity,
            overwrite=self._overwrite,
            report=report,
        )

    def _apply(self, report: Reporter) -> Any:
        guided = self._guided
        self._applied = workflows.apply_restore(guided.workspace, guided.approved, report=report)
        # The restore itself wrote the new token into the cluster file: that takes nothing back.
        guided.open()
        return self._applied

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_restore(self._guided.workspace, self._applied, report=report)
        return self._guided.verified


def begin_restore(
    *,
    cluster: str = "",
    approve: str = "",
    place: str = "",
    backup: str = "",
    origin: str = "",
    identity: str = "",
    overwrite: bool = False,
) -> RestoreGuide:
    """Begin the run of the restore's notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    place, backup, origin, identity, overwrite
        As `workflows.plan_restore` takes them; empty where not given.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    said = {"place": place, "backup": backup, "origin": origin, "identity": identity}
    guided = GuidedRun.begin(
        _NOTEBOOK, cluster=cluster, approve=approve, steps=RESTORE_STEPS, overwrite=overwrite, **said
    )
    return RestoreGuide(guided, overwrite=overwrite, **said)
