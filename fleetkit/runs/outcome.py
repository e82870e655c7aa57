"""How a run ended, and the number that says so to a shell or a scheduler."""

from __future__ import annotations

import enum

from fleetkit import core
from fleetkit.core import FleetkitError, NotFoundError, PreconditionError, SettingsError

__all__ = ["Outcome", "exit_of_error", "outcome_of_error", "parse_outcome"]


class Outcome(enum.StrEnum):
    """What became of a run."""

    RUNNING = "running"
    """Under way; the process that runs it is alive."""
    DONE = "done"
    """Ran to its end, and nothing is left to do."""
    FINDINGS = "findings"
    """Ran to its end and found something: drift, pending changes, ill health, findings of an audit."""
    REFUSED = "refused"
    """A guard stopped it, or an approval was missing."""
    FAILED = "failed"
    """A cell failed, the kernel died, or the time limit passed."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it."""
    ABANDONED = "abandoned"
    """Never written: what a reader sees where the run's process is gone and left no ending."""

    @property
    def exit(self) -> int:
        """Exit code that goes with the outcome."""
        return _EXITS[self]


_EXITS = {
    Outcome.RUNNING: 1,
    Outcome.DONE: 0,
    Outcome.FINDINGS: 3,
    Outcome.REFUSED: 4,
    Outcome.FAILED: 1,
    Outcome.INTERRUPTED: 130,
    Outcome.ABANDONED: 1,
}

_EXIT_OF_WRONG_USE = 2


def parse_outcome(text: str) -> Outcome:
    """Read an outcome as a person types it.

    Raises
    ------
    SettingsError
        When there is none of that name; lists those that there are.
    """
    try:
        return Outcome(text)
    except ValueError as error:
        raise SettingsError(f"there is no outcome {text!r}", seen=f"legal: {', '.join(Outcome)}") from error


def _error_class(name: str) -> type[BaseException] | None:
    found = getattr(core, name, None)
    return found if isinstance(found, type) and issubclass(found, FleetkitError) else None


def outcome_of_error(name: str) -> Outcome:
    """Return the outcome of a run whose cell ended with an error of class ``name``.

    Only the name crosses from the kernel to the process that runs the notebook.
    """
    if name in {"KeyboardInterrupt", "Interrupted"}:
        return Outcome.INTERRUPTED
    found = _error_class(name)
    if found is not None and issubclass(found, PreconditionError):
        return Outcome.REFUSED
    return Outcome.FAILED


def exit_of_error(name: str) -> int:
    """Return the exit code that an error of class ``name`` earns: the same that a command would end with."""
    found = _error_class(name)
    if found is not None and issubclass(found, (SettingsError, NotFoundError)):
        return _EXIT_OF_WRONG_USE
    return outcome_of_error(name).exit
