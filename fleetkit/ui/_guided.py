"""One guided change in its notebook: the run, the steps, and what they hand on to each other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fleetkit.core import PreconditionError, StalePlanError
from fleetkit.runs import Run, Way
from fleetkit.ui._work import Work
from fleetkit.views import Guide, StepPlan, StepState
from fleetkit.workflows import Reporter, StopRequest, Workspace, begin_run, open_workspace

if TYPE_CHECKING:
    from fleetkit.ui._step import StepCard

__all__ = ["Act", "GuidedRun"]

Act = Callable[[Reporter], Any]
"""What a step does: is told where its notes go, and returns its result."""


class GuidedRun:
    """What all steps of one notebook share.

    Parameters
    ----------
    run
        The run of the notebook.
    cluster, approve
        The notebook's parameters.
    steps
        The steps, in their order.

    Attributes
    ----------
    given, approve
        The approval that the notebook was given, which may be for a plan that is kept, and the one that counts now.
    planned, approved, verified
        What the steps of these names returned; None before.
    stop
        Where the apply under way is asked to stop.
    """

    def __init__(self, run: Run, *, cluster: str, approve: str, steps: Sequence[StepPlan]) -> None:
        self.run = run
        self.cluster, self.given, self.approve = cluster, approve, approve
        self.steps = Guide(steps)
        self.work = Work()
        self.planned: Any = None
        self.approved: Any = None
        self.verified: Any = None
        self.stop = StopRequest()
        self._first = steps[0].name
        self._cards: dict[str, StepCard] = {}
        self._workspace: Workspace | None = None
        self._file_sha256 = ""
        if not self.is_by_hand:
            # Nobody could mend a wrong file in between, so it is told where the notebook begins.
            self.open()

    @classmethod
    def begin(
        cls, notebook: str, *, cluster: str, approve: str, steps: Sequence[StepPlan], **beside: bool | float | str
    ) -> GuidedRun:
        """Begin the run of the notebook that this is called in.

        Parameters
        ----------
        beside
            The notebook's other parameters, for the record.

        Raises
        ------
        SettingsError
            When this is no notebook's kernel, or no record can be written.
        ClusterFileError
            When nobody is there, and the cluster file is missing or wrong.
        """
        parameters = {"cluster": cluster, "approve": approve, **beside}
        run = begin_run(notebook=notebook, cluster=cluster, parameters=parameters)
        return cls(run, cluster=cluster, approve=approve, steps=steps)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person is there to press buttons."""
        return self.run.way is Way.BY_HAND

    @property
    def workspace(self) -> Workspace:
        """The cluster as its file was when the steps began.

        Raises
        ------
        StalePlanError
            When the file has changed since; the steps begin anew then.
        """
        if self._workspace is None:
            return self.open()
        if _sha256(self._workspace) != self._file_sha256:
            self.begin_anew()
            raise StalePlanError(
                f"the file of {self._workspace.cluster.name} has changed since the first step",
                seen=str(self._workspace.paths.file),
                hint="begin again with the first step",
            )
        return self._workspace

    def open(self) -> Workspace:
        """Read the cluster file as it is now; the first step does."""
        self._workspace = open_workspace(self.cluster, folder=self.run.home)
        self._file_sha256 = _sha256(self._workspace)
        return self._workspace

    def begin_anew(self) -> None:
        """Take back what has passed: the cluster file says something else now."""
        self.steps.take_back(self._first, "The cluster file has changed")

    def reporter(self, *, note: Callable[[str], None], event: Callable[[Any], None] | None = None) -> Reporter:
        """Return who is told what a workflow does."""
        record = self.run.record
        return Reporter(note=note, record=record) if event is None else Reporter(note=note, event=event, record=record)

    def show(self, name: str, act: Act, make_card: Callable[[GuidedRun, str, Act], StepCard]) -> Any:
        """Return the step's widget where a person is there; else do the step at once and return its result.

        Raises
        ------
        PreconditionError
            When nobody is there and a step before it has not passed.
        """
        if not self.is_by_hand:
            return self._act_now(name, act)
        if name not in self._cards:
            self._cards[name] = make_card(self, name, act)
        return self._cards[name].widget

    def _act_now(self, name: str, act: Act) -> Any:
        self.steps.begin(name)
        try:
            result = act(self.reporter(note=print))
        except BaseException as error:
            state = StepState.REFUSED if isinstance(error, PreconditionError) else StepState.FAILED
            self.steps.end(name, state, str(error))
            raise
        self.steps.end(name, StepState.PASSED)
        return result


def _sha256(workspace: Workspace) -> str:
    return hashlib.sha256(workspace.paths.file.read_bytes()).hexdigest()
