"""Which backup a restore takes, and what speaks for another one."""

from __future__ import annotations

from fleetkit.core import FleetkitError
from fleetkit.workflows._restore_mark import RestoreMark, find_mark
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.backup_place import BackupPlace
from fleetkit.workflows.kept_backups import KeptBackup
from fleetkit.workflows.last_backup import recall_backup

__all__ = ["choose_backup", "find_cautions"]


def choose_backup(workspace: Workspace, place: BackupPlace, name: str | None) -> KeptBackup:
    """Return the backup called ``name``; where none is named that of a restore that was not ended, else the newest.

    A backup that was made since the restore began holds what is half restored.

    Raises
    ------
    NotFoundError
        When it is not there; lists those that are.
    """
    unfinished = find_mark(workspace.paths.folder)
    return place.find_backup(name or (unfinished.backup if unfinished else "") or None)


def find_cautions(workspace: Workspace, kept: KeptBackup, *, begun: RestoreMark | None) -> tuple[str, ...]:
    """Say where this is perhaps not the backup that is meant.

    Parameters
    ----------
    begun
        The restore of this same backup that is gone on with.
    """
    cautions = []
    unfinished = find_mark(workspace.paths.folder)
    if begun is None and unfinished is not None:
        which = unfinished.backup or "another backup"
        cautions.append(f"a restore of {which} was begun at {unfinished.stamp} and not ended: this is another one")
    try:
        last = recall_backup(workspace)
    except FleetkitError as error:
        return (*cautions, f"which backup the cluster's bucket remembers could not be read: {error.without_hint}")
    if last is not None and last.name and last.name != str(kept.name):
        cautions.append(f"the cluster's bucket remembers another backup than this one: {last.name}, in {last.place}")
    return tuple(cautions)
