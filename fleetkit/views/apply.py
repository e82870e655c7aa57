"""An apply as it goes on: a state folded out of Terraform's events, and plain lines for a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fleetkit.core import SYSTEM_CLOCK, Clock, format_duration
from fleetkit.terraform import (
    Action,
    ApplyCompleteEvent,
    ApplyErroredEvent,
    ApplyProgressEvent,
    ApplyStartEvent,
    ChangeSummaryEvent,
    DiagnosticEvent,
    Event,
    Plan,
    Severity,
)

__all__ = ["ApplyLog", "ApplyView", "FailedResource", "RunningResource", "Throttle"]

_DOING = {"create": "creating", "update": "updating", "delete": "deleting"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningResource:
    """A resource that is being worked on; ``since_s`` is a monotonic reading."""

    address: str
    action: str
    since_s: float

    def elapsed_s(self, now_s: float) -> float:
        """Return the seconds since the work began."""
        return max(0.0, now_s - self.since_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedResource:
    """A resource whose change failed, and why, as far as Terraform has said by now."""

    address: str
    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyView:
    """How far an apply is; `after` gives the view after one more event.

    Attributes
    ----------
    total
        Steps to do: one for each change, two for a replacement.
    done
        Steps that ended well.
    running, failed
        Resources being worked on, and those that failed, by address.
    errors, warnings
        What Terraform said beside that.
    ended
        Whether Terraform has said that all is done; it does not after a failure.
    """

    total: int
    done: int = 0
    running: Mapping[str, RunningResource] = field(default_factory=dict)
    failed: Mapping[str, FailedResource] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ended: bool = False

    @classmethod
    def for_plan(cls, plan: Plan) -> ApplyView:
        """Return the view of an apply of ``plan`` that has not begun."""
        steps = {Action.REPLACE: 2, Action.FORGET: 0, Action.NO_OP: 0}
        return cls(total=sum(steps.get(one.action, 1) for one in plan.changes))

    def after(self, event: Event, *, at_s: float) -> ApplyView:
        """Return the view after ``event``, which came at the monotonic reading ``at_s``."""
        match event:
            case ApplyStartEvent(resource=resource, action=action):
                running = RunningResource(address=resource.address, action=action, since_s=at_s)
                return replace(self, running={**self.running, resource.address: running})
            case ApplyCompleteEvent(resource=resource):
                return replace(self, done=self.done + 1, running=self._running_without(resource.address))
            case ApplyErroredEvent(resource=resource, action=action):
                failed = FailedResource(address=resource.address, action=action)
                return replace(
                    self,
                    running=self._running_without(resource.address),
                    failed={**self.failed, resource.address: failed},
                )
            case DiagnosticEvent():
                return self._after_diagnostic(event)
            case ChangeSummaryEvent(operation=operation) if operation != "plan":
                return replace(self, ended=True, running={})
        return self

    @property
    def fraction(self) -> float:
        """The share of steps that are done, from 0 to 1; 1 only when Terraform has said so."""
        if self.ended:
            return 1.0
        # A step too many (an object left behind by a broken replacement) must not look like the end.
        return min(self.done / self.total, 0.99) if self.total else 0.0

    def headline(self, now_s: float) -> str:
        """Say in one line how far it is, naming what has been running longest."""
        parts = [f"{self.done} of {self.total} done"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.running:
            oldest = min(self.running.values(), key=lambda one: one.since_s)
            waited = format_duration(oldest.elapsed_s(now_s))
            others = f" and {len(self.running) - 1} more" if len(self.running) > 1 else ""
            parts.append(f"{_DOING.get(oldest.action, oldest.action)} {oldest.address} for {waited}{others}")
        return ", ".join(parts)

    @property
    def left_behind(self) -> tuple[str, ...]:
        """What an apply that was stopped leaves, a sentence each; it is asked when Terraform has ended."""
        broken = [*self.failed, *self.running]
        if not self.done and not broken:
            return ("Terraform had changed nothing yet.",)
        told = [f"{self.done} of {self.total} changes were made: they stay, and Terraform's state knows them."]
        if broken:
            told.append(f"Broken off, and marked in the state where it exists: {', '.join(broken)}.")
        return (*told, "The next plan holds only what is still to be done, and needs an approval of its own.")

    def _running_without(self, address: str) -> dict[str, RunningResource]:
        return {name: one for name, one in self.running.items() if name != address}

    def _after_diagnostic(self, event: DiagnosticEvent) -> ApplyView:
        diagnostic = event.diagnostic
        if diagnostic.severity is Severity.WARNING:
            return replace(self, warnings=(*self.warnings, str(diagnostic)))
        known = self.failed.get(diagnostic.address)
        if known is None:
            return replace(self, errors=(*self.errors, str(diagnostic)))
        told = replace(known, reason=str(diagnostic))
        return replace(self, failed={**self.failed, diagnostic.address: told})


class Throttle:
    """Says whether it is time to draw again, so that thousands of events cost no more than a few drawings.

    Parameters
    ----------
    interval_s
        Seconds between two drawings.
    """

    def __init__(self, *, interval_s: float = 0.2, clock: Clock = SYSTEM_CLOCK) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._last_s: float | None = None

    def is_due(self) -> bool:
        """Return whether the interval has passed since this last returned true."""
        now_s = self._clock.monotonic()
        if self._last_s is not None and now_s - self._last_s < self._interval_s:
            return False
        self._last_s = now_s
        return True


class ApplyLog:
    """An apply as plain lines, for a file or a terminal that shows no bar.

    Parameters
    ----------
    view
        Where to begin, from `ApplyView.for_plan`.
    still_every_s
        Seconds between two lines that say what is still going on.
    """

    def __init__(self, view: ApplyView, *, still_every_s: float = 30.0, clock: Clock = SYSTEM_CLOCK) -> None:
        self.view = view
        self._clock = clock
        self._still = Throttle(interval_s=still_every_s, clock=clock)
        # The first line about what goes on comes after the interval, like the others.
        self._still.is_due()

    def lines_for(self, event: Event) -> list[str]:
        """Take ``event`` in and return the lines to write for it; most often one, or none."""
        now_s = self._clock.monotonic()
        self.view = self.view.after(event, at_s=now_s)
        step = f"[{self.view.done}/{self.view.total}]"
        match event:
            case ApplyCompleteEvent(resource=resource, action=action, elapsed_s=elapsed_s, resource_id=resource_id):
                named = f" ({resource_id})" if resource_id else ""
                took = format_duration(elapsed_s)
                return [f"{step} {_DONE.get(action, action)} {resource.address}{named} in {took}"]
            case ApplyErroredEvent(resource=resource, action=action, elapsed_s=elapsed_s):
                took = format_duration(elapsed_s)
                return [f"{step} FAILED {_DOING.get(action, action)} {resource.address} after {took}"]
            case DiagnosticEvent(diagnostic=diagnostic):
                return [f"{diagnostic.severity}: {diagnostic}"]
            case ApplyProgressEvent() if self._still.is_due():
                return [self.view.headline(now_s)]
            case ChangeSummaryEvent(operation=operation) if operation != "plan":
                return [event.message]
        return []
