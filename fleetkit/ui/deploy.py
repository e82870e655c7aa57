"""The guide of a deploy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from typing import Any

from fleetkit import workflows
from fleetkit.config import Access, Settings
from fleetkit.core import FleetkitError
from fleetkit.runs import FinishedRun
from fleetkit.ui import _parts
from fleetkit.ui._apply import ApplyCard
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.ui._outcome import OutcomeCard
from fleetkit.ui._preflight import PreflightCard
from fleetkit.ui.form import FormCard
from fleetkit.views import DEPLOY_STEPS
from fleetkit.workflows import ClusterOutputs, DeployPlan, Reporter

__all__ = ["DeployGuide", "DeployOutcome", "begin_deploy"]

_NOTEBOOK = "10-deploy-cluster"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployOutcome:
    """How a deploy ended, and where to go from there.

    Attributes
    ----------
    finished
        The run's outcome.
    outputs
        What the cluster tells its users; None where that could not be read, and ``unread`` says why.
    has_tunnel
        Whether the way in is a tunnel.
    """

    finished: FinishedRun
    outputs: ClusterOutputs | None
    unread: str
    has_tunnel: bool

    def __repr__(self) -> str:
        if self.outputs is None:
            return f"{self.finished!r}\nwhere it is reached: unknown, {self.unread}"
        return f"{self.finished!r}\n{self.outputs}\nnext: {_look_words(self.outputs.cluster)}"

    def _repr_html_(self) -> str:
        if self.outputs is None:
            return f"{self.finished._repr_html_()}<p>Where it is reached is unknown: {escape(self.unread)}</p>"
        following = f"<p>Next: {escape(_look_words(self.outputs.cluster))}.</p>"
        return f"{self.finished._repr_html_()}{self.outputs._repr_html_()}{following}"


def _look_words(cluster: str) -> str:
    return f"the notebook 20-inspect-cluster, or fleetkit inspect {cluster}, shows how the cluster is"


class DeployGuide(ChangeGuide):
    """Leads through a deploy: describe, check, plan, approve, apply, verify, outcome."""

    _apply_card = ApplyCard

    def form(self) -> Any:
        """Show the cluster file as a form that writes it, or a draft where there is none yet; else as a table.

        A file that is saved takes back the steps that have passed: what they saw is no longer what it says.
        """
        guided = self._guided
        if not guided.is_by_hand:
            return workflows.open_description(str(guided.workspace.paths.file), folder=guided.run.home)
        try:
            form = workflows.open_description(guided.cluster, folder=guided.run.home)
            settings = Settings.from_environment(os.environ)
        except FleetkitError as error:
            # The cells below still show their cards, and the person what to mend.
            return _parts.card(_parts.html(_parts.problem_html(error)))
        return FormCard(form, settings=settings, saved=guided.begin_anew).widget

    def preflight(self) -> Any:
        """Look at everything that a deploy needs."""
        return self._guided.show(
            "preflight", self._preflight, lambda *step: PreflightCard(*step, label="Check", again="Check again")
        )

    def outcome(self) -> Any:
        """Close the record, and say where the cluster is reached."""
        return self._guided.show("outcome", self._outcome, lambda *step: OutcomeCard(*step, label="Close the record"))

    def _preflight(self, report: Reporter) -> Any:
        workspace = self._guided.open()
        if self._guided.is_by_hand:
            return workflows.run_preflight(workspace, report=report)
        return workflows.require_preflight(workspace, report=report)

    def _plan(self, report: Reporter) -> DeployPlan:
        return workflows.plan_deploy(self._guided.workspace, approval=self._guided.given, report=report)

    def _apply(self, report: Reporter) -> Any:
        guided = self._guided
        return workflows.apply_deploy(guided.workspace, guided.approved, report=report, stop=guided.stop)

    def _verify(self, report: Reporter) -> Any:
        self._guided.verified = workflows.verify_deploy(self._guided.workspace, report=report)
        return self._guided.verified

    def _outcome(self, _report: Reporter) -> DeployOutcome:
        workspace, outputs, unread = self._guided.workspace, None, ""
        try:
            outputs = workflows.read_outputs(workspace)
        except FleetkitError as error:
            # The cluster lives and the record says so; only the signposts are missing.
            unread = str(error)
        return DeployOutcome(
            finished=self._guided.run.finish(self._guided.verified),
            outputs=outputs,
            unread=unread,
            has_tunnel=workspace.cluster.access is Access.BASTION,
        )


def begin_deploy(*, cluster: str = "", approve: str = "") -> DeployGuide:
    """Begin the run of the deploy notebook, and return what leads through it.

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
    return DeployGuide(GuidedRun.begin(_NOTEBOOK, cluster=cluster, approve=approve, steps=DEPLOY_STEPS))
