"""Changes that were planned on a page: each is kept as it was shown, and done once, when it was approved."""

from __future__ import annotations

import enum
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from fleetkit.core import FleetkitError, NotFoundError, StalePlanError
from fleetkit.web._errors import DEFECT
from fleetkit.web.sign_in import SignIn
from fleetkit.workflows import Approved, ChangePlan, Reporter

__all__ = ["ChangeDesk", "ChangeState", "PlannedChange"]

_MOST_KEPT = 100


class ChangeState(enum.Enum):
    """How far a change is."""

    SHOWN = "shown"
    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"


class _Verified(Protocol):
    @property
    def findings(self) -> tuple[str, ...]:
        """What is not as it should be."""


@dataclass(slots=True, kw_only=True)
class PlannedChange:
    """A change from its plan to its end.

    Attributes
    ----------
    plan
        As it was shown.
    apply, verify
        What does it, and what looks at what came of it.
    back
        The page to go on with.
    remarks
        What is to be known before, and does not stand in the plan.
    look
        Says what is there now, where the world has moved since the plan.
    state
        How far it is.
    notes
        What was told meanwhile.
    told, findings
        What came of it, and what of that is not as it should be.
    error, now
        What ended it, and what was there then.
    """

    plan: ChangePlan
    apply: Callable[[Approved[Any], Reporter], object]
    verify: Callable[[Any, Reporter], _Verified]
    back: str
    remarks: tuple[str, ...] = ()
    look: Callable[[], str] = lambda: ""
    state: ChangeState = ChangeState.SHOWN
    notes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    findings: tuple[str, ...] = ()
    error: FleetkitError | None = None
    now: str = ""
    ended: threading.Event = field(default_factory=threading.Event)


class ChangeDesk:
    """Keeps what was planned, and does what was approved, one change after the other; to be closed at the end.

    Parameters
    ----------
    sign_in
        Who may change something.
    report
        Told what changes do.
    tell_defect
        Told of an error that nobody foresaw.
    """

    def __init__(
        self,
        sign_in: SignIn,
        *,
        report: Reporter | None = None,
        tell_defect: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        self.sign_in = sign_in
        self.report = report or Reporter()
        self._tell_defect = tell_defect
        self._kept: dict[str, PlannedChange] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="change")

    def __enter__(self) -> ChangeDesk:
        return self

    def __exit__(self, *_exc: object) -> None:
        with self._lock:
            busy = any(one.state is ChangeState.UNDER_WAY for one in self._kept.values())
        if busy:
            self.report.note("a change is under way: it is brought to its end first")
        self._worker.shutdown()

    def keep(self, change: PlannedChange) -> str:
        """Keep a change until it is approved, and return the word by which it is found; the oldest is forgotten."""
        word = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[word] = change
            over = [key for key, one in self._kept.items() if one.state is not ChangeState.UNDER_WAY][:-_MOST_KEPT]
            for key in over:
                del self._kept[key]
        return word

    def find(self, word: str) -> PlannedChange:
        """Return a change.

        Raises
        ------
        NotFoundError
            When there is none of that word.
        """
        with self._lock:
            found = self._kept.get(word)
        if found is None:
            raise NotFoundError(
                "there is no such change", hint="plan it again: plans are kept for a while, and not long"
            )
        return found

    def start(self, change: PlannedChange, approved: Approved[Any]) -> None:
        """Begin a change, unless that was done before."""
        with self._lock:
            if change.state is not ChangeState.SHOWN:
                return
            change.state = ChangeState.UNDER_WAY
        self._worker.submit(self._carry_out, change, approved)

    def _carry_out(self, change: PlannedChange, approved: Approved[Any]) -> None:
        def note(line: str) -> None:
            change.notes.append(line)
            self.report.note(line)

        told = Reporter(note=note, record=self.report.record)
        self.report.note(f"{change.plan.opening} Plan {approved.sha256[:12]}, approved by its {approved.way}.")
        try:
            applied = change.apply(approved, told)
            change.told += str(applied).splitlines()
            note("verifying")
            verified = change.verify(applied, told)
            change.told += str(verified).splitlines()
            change.findings = verified.findings
            change.state = ChangeState.DONE
        except FleetkitError as error:
            self._fail(change, error)
        except Exception as error:  # noqa: BLE001 -- a thread's error is nobody's: it is told, and kept for a report
            self._tell_defect(error)
            self._fail(change, DEFECT)
        finally:
            for line in change.told:
                self.report.note(line)
            change.ended.set()

    def _fail(self, change: PlannedChange, error: FleetkitError) -> None:
        self.report.note(f"not done: {error.without_hint}")
        change.error = error
        if isinstance(error, StalePlanError):
            try:
                change.now = change.look()
            except FleetkitError as unread:
                change.now = f"it could not be read: {unread.without_hint}"
        change.state = ChangeState.FAILED
