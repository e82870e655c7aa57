"""What became of a notebook on one cluster of a sweep."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from fleetkit.runs._field_reader import FieldReader
from fleetkit.runs.outcome import Outcome

__all__ = ["SweepState", "SweptCluster"]


class SweepState(enum.StrEnum):
    """What became of the notebook on one cluster; the worst stands first."""

    FAILED = "failed"
    """A cell failed, the kernel died, a time limit passed, or it ran to its end and could not tell everything."""
    REFUSED = "refused"
    """A guard stopped it."""
    UNUSABLE = "unusable"
    """Its cluster file, or a parameter, is not legal."""
    STOPPED = "stopped"
    """Somebody stopped it in the middle."""
    NOT_RUN = "not run"
    """Its turn did not come."""
    RUNNING = "running"
    """Under way; or cut off, where the sweep itself is gone."""
    FINDINGS = "findings"
    """Ran to its end, and found something."""
    DONE = "done"
    """Ran to its end, and nothing is left to do."""

    @property
    def exit(self) -> int:
        """Exit code that goes with the state."""
        return _EXITS[self]

    @property
    def has_answer(self) -> bool:
        """Whether the notebook said of the cluster what it was asked; if not, it is to be run again."""
        return self in {SweepState.DONE, SweepState.FINDINGS}

    @classmethod
    def of_run(cls, outcome: Outcome, code: int) -> SweepState:
        """Return what the outcome of a run, and its exit code, mean for a sweep."""
        if code == SweepState.UNUSABLE.exit:
            return cls.UNUSABLE
        return _OF_OUTCOME[outcome]


_EXITS = {
    SweepState.FAILED: 1,
    SweepState.REFUSED: 4,
    SweepState.UNUSABLE: 2,
    SweepState.STOPPED: 130,
    SweepState.NOT_RUN: 130,
    SweepState.RUNNING: 1,
    SweepState.FINDINGS: 3,
    SweepState.DONE: 0,
}

_OF_OUTCOME = {
    Outcome.RUNNING: SweepState.FAILED,  # nobody ended it
    Outcome.DONE: SweepState.DONE,
    Outcome.FINDINGS: SweepState.FINDINGS,
    Outcome.REFUSED: SweepState.REFUSED,
    Outcome.FAILED: SweepState.FAILED,
    Outcome.INTERRUPTED: SweepState.STOPPED,
    Outcome.ABANDONED: SweepState.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptCluster:
    """What became of the notebook on one cluster.

    Attributes
    ----------
    cluster
        Its name.
    file
        Its cluster file, as it was named.
    region
        Its region; empty where the file does not tell.
    summary
        One sentence by the notebook about what came of it.
    reason
        Why it did not end well; empty where it did.
    next_step
        What to do about that.
    record
        The run's record, from the folder that holds ``runs``; empty where none was made.
    took_s
        Seconds that the run took.
    calls, waited_s
        Requests to AWS, and seconds that they waited for their turns, all threads added up; None where it was not run.
    of_sweep
        Id of the earlier sweep that this was taken over from; empty for one of this sweep's own.
    """

    cluster: str
    file: str
    region: str = ""
    state: SweepState = SweepState.NOT_RUN
    summary: str = ""
    reason: str = ""
    next_step: str = ""
    record: str = ""
    took_s: float | None = None
    calls: int | None = None
    waited_s: float | None = None
    of_sweep: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "cluster": self.cluster,
            "file": self.file,
            "region": self.region,
            "state": self.state.value,
            "exit": self.state.exit,
            "summary": self.summary,
            "reason": self.reason,
            "next": self.next_step,
            "record": self.record,
            "took_s": self.took_s,
            "calls": self.calls,
            "waited_s": self.waited_s,
            "of_sweep": self.of_sweep,
        }

    @classmethod
    def from_reader(cls, reader: FieldReader) -> SweptCluster:
        """Read what `to_json` wrote."""
        return cls(
            cluster=reader.get("cluster", str),
            file=reader.get("file", str),
            region=reader.get("region", str),
            state=reader.convert("state", SweepState),
            summary=reader.get("summary", str),
            reason=reader.get("reason", str),
            next_step=reader.get("next", str),
            record=reader.get("record", str),
            took_s=reader.get("took_s", float, int, None),
            calls=reader.get("calls", int, None),
            waited_s=reader.get("waited_s", float, int, None),
            of_sweep=reader.get("of_sweep", str),
        )
