"""The guide of a destroy."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._apply import ApplyCard
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.ui._step import StepCard
from fleetkit.views import DESTROY_STEPS
from fleetkit.workflows import DestroyPlan, Reporter

__all__ = ["DestroyGuide", "begin_destroy"]

_NOTEBOOK = "90-destroy-cluster"


class DestroyGuide(ChangeGuide):
    """Leads through a destroy: plan, approve, back up, apply, sweep, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    final_backup
        Whether a final backup of etcd is made and proven before anything is removed.
    place, seal_for, identity
        As `workflows.make_final_backup` takes them.
    """

    _apply_label = "Destroy"
    _apply_card = ApplyCard

    def __init__(self, guided: GuidedRun, *, final_backup: bool, place: str, seal_for: str, identity: str) -> None:
        super().__init__(guided)
        self._backs_up, self._place, self._seal_for, self._identity = final_backup, place, seal_for, identity
        self._last: Any = None

    def backup(self) -> Any:
        """Back up etcd for the last time, and restore the backup once on this computer."""
        return self._guided.show(
            "backup", self._back_up, lambda *step: StepCard(*step, label="Back up", again="Back up again")
        )

    def sweep(self) -> Any:
        """Remove what is left over and Terraform does not know."""
        return self._guided.show(
            "sweep", self._sweep, lambda *step: StepCard(*step, label="Sweep", again="Sweep again")
        )

    def _plan(self, report: Reporter) -> DestroyPlan:
        guided = self._guided
        return workflows.plan_destroy(guided.open(), approval=guided.given, backs_up=self._backs_up, report=report)

    def _back_up(self, report: Reporter) -> Any:
        guided = self._guided
        self._last = workflows.make_final_backup(
            guided.workspace,
            guided.approved,
            place=self._place,
            seal_for=[self._seal_for],
            identity=self._identity,
            report=report,
        )
        return self._last

    def _apply(self, report: Reporter) -> Any:
        guided = self._guided
        return workflows.apply_destroy(
            guided.workspace, guided.approved, backup=self._last, report=report, stop=guided.stop
        )

    def _sweep(self, report: Reporter) -> Any:
        return workflows.sweep_leftovers(self._guided.workspace, report=report)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_emptiness(self._guided.workspace, report=report)
        return self._guided.verified


def begin_destroy(
    *,
    cluster: str = "",
    approve: str = "",
    final_backup: bool = True,
    place: str = "",
    seal_for: str = "",
    identity: str = "",
) -> DestroyGuide:
    """Begin the run of the destroy notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves its removal where nobody is there to type it.
    final_backup
        Whether a final backup of etcd is made and proven before anything is removed.
    place, seal_for, identity
        As `workflows.make_final_backup` takes them; empty where not given.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    said = {"place": place, "seal_for": seal_for, "identity": identity}
    guided = GuidedRun.begin(
        _NOTEBOOK, cluster=cluster, approve=approve, steps=DESTROY_STEPS, final_backup=final_backup, **said
    )
    return DestroyGuide(guided, final_backup=final_backup, **said)
