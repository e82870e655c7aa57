"""The error tree of fleetkit: every error that the library raises on purpose is drawn here.

::

    FleetkitError
    ├── SettingsError (ValueError)       a setting, a parameter or the cluster file is wrong
    │   └── ClusterFileError             ... and it is the cluster file, with the field's path
    ├── PreconditionError                refused: going on would make things worse
    │   ├── ApprovalMissingError         nobody approved what would change
    │   ├── QuorumAtRiskError            etcd could lose its quorum
    │   └── StalePlanError               the world moved since the plan was shown
    ├── BusyError                        somebody else is at work on the same cluster
    ├── NotFoundError (LookupError)      a named thing is not there; lists what is
    ├── WaitTimeoutError (TimeoutError)  a wait ended before its condition held
    ├── ServiceError                     an outside system failed; ``transient`` says whether to retry
    │   ├── AwsError
    │   ├── EtcdError
    │   ├── FleetError
    │   ├── NoticeError
    │   ├── SshError
    │   ├── TerraformError
    │   │   └── TerraformStoppedError    ... because it was asked to stop, in good order
    │   └── VaultError
    └── WorkflowError                    a step of a workflow failed; says which, and what was completed
        └── StoppedError                 ... because somebody asked it to stop, in good order

A message says three things: what failed and on what, what was seen, and what to do next.
The module holds no exit codes: those belong to the command line.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "ApprovalMissingError",
    "AwsError",
    "BusyError",
    "ClusterFileError",
    "EtcdError",
    "FleetError",
    "FleetkitError",
    "NotFoundError",
    "NoticeError",
    "PreconditionError",
    "QuorumAtRiskError",
    "ServiceError",
    "SettingsError",
    "SshError",
    "StalePlanError",
    "StoppedError",
    "TerraformError",
    "TerraformStoppedError",
    "VaultError",
    "WaitTimeoutError",
    "WorkflowError",
    "on_one_line",
]

_BEFORE_HINT = "\n  next: "


class FleetkitError(Exception):
    """Root of all errors that fleetkit raises on purpose.

    Parameters
    ----------
    what
        What failed, and on what, as a clause without a full stop.
    seen
        What was found instead, when that adds to ``what``.
    hint
        The next step for the person who reads this: a command, a file, a runbook.
    """

    def __init__(self, what: str, *, seen: str | None = None, hint: str | None = None) -> None:
        self.what = what
        self.seen = seen
        self.hint = hint
        super().__init__(what)

    @property
    def without_hint(self) -> str:
        """What failed and what was seen, for an error that is told as a part of another."""
        return f"{self.what}: {self.seen}" if self.seen else self.what

    def __str__(self) -> str:
        return self.without_hint if self.hint is None else f"{self.without_hint}{_BEFORE_HINT}{self.hint}"


def on_one_line(told: str) -> str:
    """Return what an error says, with its hint after a semicolon, for a place that has one line."""
    return " ".join(told.replace(_BEFORE_HINT, "; ").split())


class SettingsError(FleetkitError, ValueError):
    """A setting, a parameter or an argument has a value that is not legal."""


class ClusterFileError(SettingsError):
    """The cluster file is missing, unreadable or not legal.

    Parameters
    ----------
    problems
        One line per problem found, each naming the field, what was seen and what is legal.
    """

    def __init__(
        self,
        what: str,
        *,
        problems: Iterable[str] = (),
        seen: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.problems = tuple(problems)
        if self.problems:
            lines = "".join(f"\n  - {line}" for line in self.problems)
            seen = f"{seen or ''}{lines}"
        super().__init__(what, seen=seen, hint=hint)


class PreconditionError(FleetkitError):
    """A guard refused, because going on would make things worse."""


class ApprovalMissingError(PreconditionError):
    """A change was asked for, but nobody approved what was shown."""


class QuorumAtRiskError(PreconditionError):
    """The change could cost etcd its quorum."""


class StalePlanError(PreconditionError):
    """The saved plan no longer describes the world that it was made for."""


class BusyError(FleetkitError):
    """Another operation holds the cluster."""


class NotFoundError(FleetkitError, LookupError):
    """A named thing is not there.

    Parameters
    ----------
    known
        The names that would have been found, listed in the message.
    """

    def __init__(
        self,
        what: str,
        *,
        known: Iterable[str] = (),
        seen: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.known = tuple(known)
        if self.known:
            listed = f"known: {', '.join(self.known)}"
            seen = listed if seen is None else f"{seen} ({listed})"
        super().__init__(what, seen=seen, hint=hint)


class WaitTimeoutError(FleetkitError, TimeoutError):
    """A wait ended at its deadline; ``seen`` carries the last reason why not yet."""


class ServiceError(FleetkitError):
    """An outside system failed or could not be reached.

    Parameters
    ----------
    transient
        True where the same call may well succeed when it is made again.
    """

    def __init__(
        self,
        what: str,
        *,
        transient: bool = False,
        seen: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.transient = transient
        super().__init__(what, seen=seen, hint=hint)


class AwsError(ServiceError):
    """AWS refused or failed."""


class EtcdError(ServiceError):
    """etcd refused, failed or could not be reached."""


class FleetError(ServiceError):
    """fleet's API refused, failed or could not be reached."""


class NoticeError(ServiceError):
    """Who was to be told did not take the notice."""


class SshError(ServiceError):
    """A bastion or machine could not be reached, or was not the one expected."""


class TerraformError(ServiceError):
    """Terraform could not be started, or ended with an error."""


class TerraformStoppedError(TerraformError):
    """Terraform was asked to stop, finished what it had begun, and went no further."""


class VaultError(ServiceError):
    """Vault refused, failed or could not be reached."""


class WorkflowError(FleetkitError):
    """A step of a workflow failed.

    Parameters
    ----------
    step
        Name of the step that failed.
    completed
        Names of the steps that were completed before it, in order.
    """

    def __init__(
        self,
        what: str,
        *,
        step: str,
        completed: Iterable[str] = (),
        seen: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.step = step
        self.completed = tuple(completed)
        super().__init__(what, seen=seen, hint=hint)


class StoppedError(WorkflowError):
    """Somebody asked a workflow to stop, and it ended in good order; the next one goes on from there."""
