"""The guides of deploying unit files, and of rolling new ones out some at a time."""

from __future__ import annotations

from typing import Any

from fleetkit import workflows
from fleetkit.core import SettingsError
from fleetkit.fleet import DesiredState, ProbeRule
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.views import UNITS_STEPS
from fleetkit.workflows import Reporter, UnitGate, UnitsPlan

__all__ = ["UnitsGuide", "begin_deploy_units", "begin_roll_units"]

_DEPLOY = "35-deploy-units"
_ROLL = "36-roll-units"


class UnitsGuide(ChangeGuide):
    """Leads through a deployment of unit files: plan, approve, apply, verify, outcome.

    Parameters
    ----------
    guided
        What the steps share.
    folder, instances, state, at_once, steady_s, rule, roll_back
        As `begin_roll_units` takes them.
    """

    _apply_label = "Send"

    def __init__(
        self,
        guided: GuidedRun,
        *,
        folder: str,
        instances: str,
        state: str,
        at_once: int,
        steady_s: float,
        rule: ProbeRule,
        roll_back: bool,
    ) -> None:
        super().__init__(guided)
        self._folder, self._instances, self._state = folder, tuple(instances.split()), state
        self._at_once, self._gate, self._roll_back = at_once, UnitGate(steady_s=steady_s), roll_back
        self._rule = rule

    def _plan(self, report: Reporter) -> UnitsPlan:
        workspace = self._guided.open()
        return workflows.plan_unit_deploy(
            workspace,
            workflows.read_unit_places(
                [self._folder], folder=workspace.folder, environ=workspace.environ, report=report
            ),
            instances=self._instances,
            desired=DesiredState.parse(self._state),
            at_once=self._at_once,
            rule=self._rule,
            report=report,
        )

    def _apply(self, report: Reporter) -> Any:
        return workflows.apply_units(
            self._guided.workspace,
            self._guided.approved,
            gate=self._gate,
            roll_back=self._roll_back,
            report=report,
        )

    def _verify(self, report: Reporter) -> Any:
        guided = self._guided
        guided.verified = workflows.verify_units(guided.workspace, guided.approved.plan, report=report)
        return guided.verified


def begin_deploy_units(
    *,
    cluster: str = "",
    approve: str = "",
    folder: str = "units",
    instances: str = "",
    state: str = "launched",
    roll_back: bool = False,
) -> UnitsGuide:
    """Begin the run of the notebook that deploys unit files, and return what leads through it.

    Parameters
    ----------
    cluster
        Name of the cluster, or its file; empty where there is only one.
    approve
        The cluster's name, which approves the plan where nobody is there to type it.
    folder
        The unit files: a folder, or one file; seen from the folder that holds ``clusters``.
    instances
        Instances of templates that are to be there too, with blanks in between: ``web@{1..3}.service``.
    state
        What is asked for of units that are no templates.
    roll_back
        Whether all that was sent is put back when one unit fails.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, or no record can be written.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    guided = GuidedRun.begin(
        _DEPLOY,
        cluster=cluster,
        approve=approve,
        steps=UNITS_STEPS,
        folder=folder,
        instances=instances,
        state=state,
        roll_back=roll_back,
    )
    return UnitsGuide(
        guided,
        folder=folder,
        instances=instances,
        state=state,
        at_once=0,
        steady_s=UnitGate().steady_s,
        rule=ProbeRule(),
        roll_back=roll_back,
    )


def begin_roll_units(
    *,
    cluster: str = "",
    approve: str = "",
    folder: str = "units",
    at_once: int = 1,
    steady_s: float = 10.0,
    probe: str = "declared",
    roll_back: bool = True,
) -> UnitsGuide:
    """Begin the run of the notebook that replaces instances some at a time, and return what leads through it.

    Parameters
    ----------
    cluster, approve, folder
        As for `begin_deploy_units`.
    at_once
        The most instances of one template that are replaced at one time, at least one.
    steady_s
        Seconds for which each has to be seen running before the next one's turn.
    probe
        What units that run have to answer as well: ``declared``, what each says in its section [X-Service];
        ``http:PORT/path`` or ``tcp:PORT``, this of all services; or ``none``.
    roll_back
        Whether those that were replaced become what they were when one fails.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, no record can be written, at once none is to be replaced, or the probe
        is none.
    ClusterFileError
        When nobody is there, and the cluster file is missing or wrong.
    """
    if at_once < 1:
        raise SettingsError(
            "at_once says how many instances are replaced at one time", seen=str(at_once), hint="legal: 1 or more"
        )
    rule = ProbeRule.parse(probe)
    guided = GuidedRun.begin(
        _ROLL,
        cluster=cluster,
        approve=approve,
        steps=UNITS_STEPS,
        folder=folder,
        at_once=at_once,
        steady_s=steady_s,
        probe=probe,
        roll_back=roll_back,
    )
    return UnitsGuide(
        guided,
        folder=folder,
        instances="",
        state=DesiredState.LAUNCHED,
        at_once=at_once,
        steady_s=steady_s,
        rule=rule,
        roll_back=roll_back,
    )
