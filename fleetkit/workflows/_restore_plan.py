"""The plan of a restore: which backup goes into which members, and what of now would be lost by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetkit.core import format_bytes, format_duration, format_utc
from fleetkit.etcd import BackupManifest
from fleetkit.views import table_html
from fleetkit.workflows._basis import Operation
from fleetkit.workflows._change_plan import ChangePlan, Refusal, refuse_if
from fleetkit.workflows._restore_losses import StoresNow
from fleetkit.workflows._restore_mark import RestoreMark
from fleetkit.workflows._shown import list_under
from fleetkit.workflows.backup_place import BackupPlace
from fleetkit.workflows.kept_backups import KeptBackup

__all__ = ["RestorePlan"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RestorePlan(ChangePlan):
    """What a restore would do.

    Attributes
    ----------
    place, kept, manifest, file_sha256, identity
        The backup: where it is, what it says of itself, the hash of its file, and the file of the key that opens it.
    members
        Member's name to what its data directory takes now, in KiB.
    now
        What etcd holds now; None where it does not serve.
    planned_at
        When it was looked at.
    overwrite
        Whether an etcd that serves may be overwritten.
    begun
        The restore of this same backup that was begun and not ended, and which this goes on with.
    cautions
        What speaks for another backup, a sentence each.
    pending
        What a deploy would put into the bucket, and which this puts there as well.
    """

    place: BackupPlace
    kept: KeptBackup
    manifest: BackupManifest
    file_sha256: str
    identity: Path | None
    members: dict[str, int]
    now: StoresNow | None
    planned_at: dt.datetime
    overwrite: bool
    begun: RestoreMark | None
    cautions: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.RESTORE

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do: a restore always does something."""
        return False

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is restored where; what etcd holds meanwhile grows, and is none of it."""
        return {"backup": self.file_sha256, "members": sorted(self.members), "overwrite": self.overwrite}

    @property
    def impossible(self) -> str:
        """What cannot be done where it is refused."""
        return f"etcd of {self.cluster} is not overwritten"

    @property
    def refusal(self) -> Refusal | None:
        """Why it may not be done now; None where it may."""
        hint = "look at what would be lost, then say --overwrite; a single member is no case for a restore"
        return refuse_if([self.refused] if self.refused else [], hint=hint)

    @property
    def refused(self) -> str:
        """Why it may not be done; empty where it may."""
        if self.now is None or self.now.is_empty or self.overwrite or self.is_under_way:
            return ""
        held = "" if self.begun is None else f"; the restore that began at {self.begun.stamp} may still hold fleet"
        return f"etcd serves, and holds what a restore would overwrite{held}"

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on with one that had begun to switch data, so that what serves is what was restored."""
        return self.begun is not None and self.begun.is_switching

    @property
    def loss(self) -> str:
        """What is lost by going back to the backup, in one sentence."""
        age = format_duration((self.planned_at - self.manifest.taken).total_seconds())
        return f"lost is what was written since {format_utc(self.manifest.taken)}, {age} ago"

    @property
    def aim(self) -> str:
        """What the plan does, in one sentence."""
        again = "goes on with the restore of" if self.begun else "restores"
        return f"This {again} {self.kept.name} into all {len(self.members)} members of {self.cluster}."

    @property
    def course(self) -> tuple[str, ...]:
        """What is done, and what is lost, a paragraph each."""
        manifest = self.manifest
        parts = [
            f"{self.loss}: the backup is of revision {manifest.revision} with {manifest.sample.keys} keys, "
            f"and {manifest.v2_keys} in the v2 store; it is {self.kept.state}"
        ]
        if self.cautions:
            parts.append(list_under("careful:", self.cautions))
        now = ("etcd does not serve, so that nobody can say what it holds",)
        parts.append(list_under("what is there now:", now if self.now is None else self.now.lines(manifest)))
        parts.append(
            list_under(
                "all members stop at once, and etcd serves nobody until they are back; old data are put aside:",
                tuple(f"{name}: {format_bytes(size * 1024)}" for name, size in self.members.items()),
            )
        )
        if self.pending:
            parts.append(list_under("put into the bucket as well, as a deploy would:", self.pending))
        return tuple(parts)

    def draw(self) -> str:
        """Return a table of what is put aside on each master."""
        rows = [(name, format_bytes(size * 1024)) for name, size in self.members.items()]
        return table_html(("member", "old data"), rows, label="what is put aside on each master")
