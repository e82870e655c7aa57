"""The guide of emptying a machine, and of taking it back."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import DRAIN_STEPS
from fleetkit.workflows import DrainPlan, Reporter

__all__ = ["DrainGuide", "begin_drain"]

_NOTEBOOK = "37-drain-machine"


class DrainGuide(ChangeGuide):
    """Leads through the emptying of a machine: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    machine, back, strand
        As `workflows.plan_drain` takes them.
    """

    _apply_label = "Drain"

    def __init__(self, guided: GuidedRun, *, machine: str, back: bool, strand: bool) -> None:
        super().__init__(guided)
        self._machine, self._back, self._strand = machine, back, strand

    def _plan(self, report: Reporter) -> DrainPlan:
        workspace = self._guided.open()
        return workflows.plan_drain(workspace, self._machine, back=self._back, strand=self._strand, report=report)

    def _apply(self, report: Reporter) -> Any:
        return workflows.apply_drain(self._guided.workspace, self._guided.approved, report=report)

    def _verify(self, report: Reporter) -> Any:
        guided = self._guided
        guided.verified = workflows.verify_drain(guided.workspace, guided.approved.plan, report=report)
        return guided.verified


def begin_drain(
    *, cluster: str = "", approve: str = "", machine: str = "", back: bool = False, strand: bool = False
) -> DrainGuide:
    """Begin the run of the notebook that empties a machine, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    machine
        A master's name, an instance id, a private address, or the beginning of an id of fleet's.
    back
        Whether it is taken back.
    strand
        Whether units that no other machine takes may be left without one.

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
        steps=DRAIN_STEPS,
        machine=machine,
        back=back,
        strand=strand,
    )
    return DrainGuide(guided, machine=machine, back=back, strand=strand)
