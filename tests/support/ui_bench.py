"""A guided change of a small configuration of Terraform's builtin resources: the guide's own code, and no AWS.

In the kernel of a notebook `begin_bench` stands where `ui.begin_deploy` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from support.tf_configuration import Bench, any_terraform

from fleetkit.config import Approval
from fleetkit.core import ServiceError, WorkflowError
from fleetkit.runs import EventKind, Outcome, Run, Way
from fleetkit.terraform import SavedPlan, WorkingCopy
from fleetkit.ui._apply import ApplyCard
from fleetkit.ui._changing import ChangeGuide
from fleetkit.ui._guided import GuidedRun
from fleetkit.ui._preflight import PreflightCard
from fleetkit.ui._step import StepCard
from fleetkit.views import DEPLOY_STEPS, PlanView, StepPlan, draw_plan
from fleetkit.workflows import Preflight, Reporter
from fleetkit.workflows._basis import Operation
from fleetkit.workflows.preflight import CheckLine, CheckStatus

__all__ = ["CLUSTER", "BenchGuide", "BenchPlan", "SilentSink", "begin_bench", "guided_in"]

CLUSTER = "demo"


class SilentSink:
    """Takes what a run says, and keeps it."""

    def __init__(self) -> None:
        self.finished: list[tuple[Outcome, str]] = []

    def protect(self, values: list[str]) -> None:
        """Keep nothing back: nothing is written."""

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Keep no journal."""

    def finish(self, outcome: Outcome, summary: str) -> str:
        self.finished.append((outcome, summary))
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPlan:
    """A plan of the small configuration, with the face of the workflows' own plans."""

    saved: SavedPlan
    view: PlanView
    copy: WorkingCopy
    cluster: str = CLUSTER
    operation: Operation = Operation.DEPLOY
    rules: Approval = field(default_factory=Approval)
    basis: None = None
    beyond_terraform: tuple[str, ...] = ("to be put into the cluster's bucket:\n  + etcd1/etcd.env\n  + ca.crt",)

    @property
    def sha256(self) -> str:
        return self.saved.sha256

    @property
    def is_empty(self) -> bool:
        return self.view.is_empty

    @property
    def opening(self) -> str:
        return self.view.headline

    def check(self) -> None:
        """Refuse nothing."""

    def draw(self) -> str:
        return draw_plan(self.saved.plan, self.copy.graph())

    def _repr_html_(self) -> str:
        return self.view._repr_html_()


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """What a step came to."""

    summary: str
    outcome: str = "done"

    def __str__(self) -> str:
        return self.summary

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.summary)}</p>"


class BenchGuide(ChangeGuide):
    """Leads through a change of the small configuration."""

    _apply_card = ApplyCard

    def __init__(self, guided: GuidedRun, bench: Bench, variables: Mapping[str, Any]) -> None:
        super().__init__(guided)
        self.bench, self.variables = bench, dict(variables)
        self.checked = [
            CheckLine(check_id="credentials", status=CheckStatus.OK, seen="account 123456789012"),
            CheckLine(
                check_id="pool-size", status=CheckStatus.WARNING, seen="one machine", mend="set pools.public.desired"
            ),
        ]

    def preflight(self) -> Any:
        return self._guided.show(
            "preflight", self._preflight, lambda *step: PreflightCard(*step, label="Check", again="Check again")
        )

    def outcome(self) -> Any:
        return self._guided.show("outcome", self._outcome, lambda *step: StepCard(*step, label="Close the record"))

    def _preflight(self, _report: Reporter) -> Preflight:
        self._guided.open()
        return Preflight(cluster=CLUSTER, lines=tuple(self.checked))

    def _plan(self, report: Reporter) -> BenchPlan:
        report.note("planning")
        copy = self.bench.prepared(self.variables)
        saved = copy.plan()
        return BenchPlan(saved=saved, view=PlanView.from_plan(saved.plan, master_types=["terraform_data"]), copy=copy)

    def _apply(self, report: Reporter) -> BenchResult:
        plan, stop = self._guided.planned, self._guided.stop
        report.note("applying the plan")
        try:
            with stop.reaching(plan.copy.cancel, "the deploy of demo", step="terraform"):
                done = plan.copy.apply(plan.saved, stop.watching(report.event))
        except ServiceError as error:
            raise WorkflowError("the deploy of demo failed", step="terraform", seen=str(error)) from error
        return BenchResult(summary=f"Applied: {done.added} added.")

    def _verify(self, report: Reporter) -> BenchResult:
        report.note("looking")
        self._guided.verified = BenchResult(summary="demo lives")
        return self._guided.verified

    def _outcome(self, _report: Reporter) -> Any:
        return self._guided.run.finish(self._guided.verified)


def guided_in(
    folder: Path, *, way: Way = Way.BY_HAND, approve: str = "", steps: Sequence[StepPlan] = DEPLOY_STEPS
) -> GuidedRun:
    """Return a guided run of the cluster in ``folder``, whose record nobody writes; the file is there already."""
    record = folder / "runs" / CLUSTER / "20261125T000000Z-10-try"
    record.mkdir(parents=True)
    run = Run(folder=record, way=way, sink=SilentSink())
    return GuidedRun(run, cluster=CLUSTER, approve=approve, steps=steps)


def begin_bench(folder: Path, *, approve: str = "", **variables: Any) -> BenchGuide:
    """Begin the run of a notebook in its own kernel, over a configuration in ``folder``."""
    guided = GuidedRun.begin("40-change", cluster=CLUSTER, approve=approve, steps=DEPLOY_STEPS)
    return BenchGuide(guided, bench_in(folder), variables)


def bench_in(folder: Path) -> Bench:
    """Return the small configuration in ``folder``, with the Terraform on PATH or else that of the library."""
    return Bench(folder, any_terraform(folder / "launcher"))
