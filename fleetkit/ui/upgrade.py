"""The guide of an upgrade of etcd."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import UPGRADE_STEPS
from fleetkit.workflows import Reporter, UpgradePlan

__all__ = ["UpgradeGuide", "begin_upgrade"]

_NOTEBOOK = "31-upgrade-etcd"


class UpgradeGuide(ChangeGuide):
    """Leads through an upgrade: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    backup_to
        Where etcd is backed up before, as `workflows.apply_upgrade` takes it.
    accept_flaws
        Whether the version may be one by whose flaws data may be lost.
    """

    _apply_label = "Upgrade"

    def __init__(self, guided: GuidedRun, *, backup_to: str, accept_flaws: bool) -> None:
        super().__init__(guided)
        self._backup_to, self._accept_flaws = backup_to, accept_flaws

    def _plan(self, report: Reporter) -> UpgradePlan:
        return workflows.plan_upgrade(self._guided.open(), accepts_losses=self._accept_flaws, report=report)

    def _apply(self, report: Reporter) -> Any:
        guided, place = self._guided, self._backup_to or None
        return workflows.apply_upgrade(guided.workspace, guided.approved, place=place, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_upgrade(self._guided.workspace, report=report)
        return self._guided.verified


def begin_upgrade(
    *, cluster: str = "", approve: str = "", backup_to: str = "", accept_flaws: bool = False
) -> UpgradeGuide:
    """Begin the run of the upgrade's notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    backup_to
        A folder, or ``s3://bucket/prefix``, for the backup of before; ``backups`` beside ``runs`` where empty.
    accept_flaws
        Whether the version may be one by whose flaws data may be lost.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    guided = GuidedRun.begin(
        _NOTEBOOK,
        cluster=cluster,
        approve=approve,
        steps=UPGRADE_STEPS,
        backup_to=backup_to,
        accept_flaws=accept_flaws,
    )
    return UpgradeGuide(guided, backup_to=backup_to, accept_flaws=accept_flaws)
