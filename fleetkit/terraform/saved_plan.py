"""A plan in a file: what was shown, and exactly what can be applied."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from fleetkit.core import Redactor, StalePlanError, format_utc
from fleetkit.terraform._files import file_sha256
from fleetkit.terraform.plan import Plan

__all__ = ["ApplyResult", "PlanKind", "SavedPlan"]


class PlanKind(enum.StrEnum):
    """What a plan is for."""

    CHANGE = "change"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan that Terraform wrote into a file; as a context manager it removes the file at the end.

    The file holds every value in clear, secrets too; it is readable by its owner alone.

    Attributes
    ----------
    path
        The file.
    sha256
        Hash of the file, in hex, as it was when the plan was shown.
    made_at
        When the plan was made.
    kind
        Whether it changes or destroys.
    plan
        What it would do.
    """

    path: Path
    sha256: str
    made_at: dt.datetime
    kind: PlanKind
    plan: Plan = field(repr=False)
    redactor: Redactor = field(default_factory=Redactor, repr=False, compare=False)

    def check(self) -> None:
        """Make sure that the file is what was shown.

        Raises
        ------
        StalePlanError
            When the file is gone or holds something else.
        """
        made = format_utc(self.made_at)
        hint = "plan again, look at the new plan, and apply that"
        if not self.path.is_file():
            raise StalePlanError(f"the plan of {made} was applied or removed since", seen=f"no {self.path}", hint=hint)
        found = file_sha256(self.path)
        if found != self.sha256:
            raise StalePlanError(
                f"the file of the plan of {made} is not the one that was shown",
                seen=f"its sha256 is {found}, not {self.sha256}",
                hint=hint,
            )

    def discard(self) -> None:
        """Remove the file; the plan can no longer be applied."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> SavedPlan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What an apply did.

    Attributes
    ----------
    added, changed, removed, imported
        Counts of resources; a replacement counts as added and removed.
    took_s
        Seconds from start to end.
    """

    added: int
    changed: int
    removed: int
    imported: int
    took_s: float

    @property
    def is_empty(self) -> bool:
        """Whether no resource was touched."""
        return not (self.added or self.changed or self.removed or self.imported)
