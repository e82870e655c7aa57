"""The guide of a rotation of certificates."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import ROTATE_STEPS
from fleetkit.workflows import CaPlan, Reporter, RotationPlan

__all__ = ["RotateGuide", "begin_rotate"]

_NOTEBOOK = "33-rotate-certificates"


class RotateGuide(ChangeGuide):
    """Leads through a rotation of certificates: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    only, everything
        As `workflows.plan_rotation` takes them.
    ca
        Whether the CA itself is replaced, and with it all certificates.
    """

    _apply_label = "Rotate"

    def __init__(self, guided: GuidedRun, *, only: str, everything: bool, ca: bool) -> None:
        super().__init__(guided)
        self._only, self._everything, self._ca = only.split(), everything, ca

    def _plan(self, report: Reporter) -> RotationPlan | CaPlan:
        workspace = self._guided.open()
        if self._ca:
            return workflows.plan_ca_rotation(workspace, report=report)
        return workflows.plan_rotation(workspace, only=self._only, everything=self._everything, report=report)

    def _apply(self, report: Reporter) -> Any:
        apply = workflows.apply_ca_rotation if self._ca else workflows.apply_rotation
        return apply(self._guided.workspace, self._guided.approved, report=report)

    def _verify(self, report: Reporter) -> Any:
        verify = workflows.verify_ca_rotation if self._ca else workflows.verify_rotation
        self._guided.verified = verify(self._guided.workspace, report=report)
        return self._guided.verified


def begin_rotate(
    *, cluster: str = "", approve: str = "", only: str = "", everything: bool = False, ca: bool = False
) -> RotateGuide:
    """Begin the run of the rotation's notebook, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    only
        Members, clients or certificates, with blanks between them; those that expire soon where empty.
    everything
        Whether all leaves are meant.
    ca
        Whether the CA itself is replaced, and with it all certificates.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    guided = GuidedRun.begin(
        _NOTEBOOK, cluster=cluster, approve=approve, steps=ROTATE_STEPS, only=only, everything=everything, ca=ca
    )
    return RotateGuide(guided, only=only, everything=everything, ca=ca)
