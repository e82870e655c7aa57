"""A plan in a file: what was shown, and exactly what can be applied."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from fleetkit.core import Redactor, StalePlanError, format_utc, parse_utc
from fleetkit.terraform._files import file_sha256, write_file
from fleetkit.terraform.plan import Plan

__all__ = ["ApplyResult", "KeptPlan", "PlanKind", "SavedPlan", "note_path"]


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

    def keep(self, note: Mapping[str, Any]) -> None:
        """Keep the plan for another process to apply: write beside it what it is, and ``note`` of the caller's.

        Raises
        ------
        OSError
            When the note cannot be written.
        """
        facts = {"sha256": self.sha256, "made_at": format_utc(self.made_at), "kind": self.kind.value}
        text = json.dumps({"plan": facts, "note": note}, indent=1, sort_keys=True, ensure_ascii=False)
        write_file(note_path(self.path), text.encode(), mode=0o600)

    def discard(self) -> None:
        """Remove the file, and the note beside it; the plan can no longer be applied."""
        self.path.unlink(missing_ok=True)
        note_path(self.path).unlink(missing_ok=True)

    def __enter__(self) -> SavedPlan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """What is known of a plan that was kept, before its file is opened.

    Attributes
    ----------
    path, sha256, made_at, kind
        As `SavedPlan` has them.
    note
        What was written beside it by whoever kept it.
    """

    path: Path
    sha256: str
    made_at: dt.datetime
    kind: PlanKind
    note: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> KeptPlan:
        """Read what was kept with the plan in the file ``path``.

        Raises
        ------
        StalePlanError
            When nothing was kept with it, or that cannot be understood.
        """
        try:
            fields = json.loads(note_path(path).read_bytes())
            facts, note = fields["plan"], fields["note"]
            return cls(
                path=path,
                sha256=str(facts["sha256"]),
                made_at=parse_utc(facts["made_at"]),
                kind=PlanKind(facts["kind"]),
                note=dict(note),
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise StalePlanError(
                f"{path} is not a plan that was kept with what it is for",
                seen=f"{note_path(path).name}: {error}",
                hint="plan again, and keep that plan",
            ) from error


def note_path(path: Path) -> Path:
    """Return the place of the note that is kept beside the plan in ``path``."""
    return path.with_suffix(".json")


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
