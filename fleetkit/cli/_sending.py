"""Records and the bucket of FLEETKIT_RUNS: sent to it, found in it; without one the workflows are not even loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetkit.runs.following import Follow
    from fleetkit.runs.stores import RunStore

__all__ = ["find_follower", "find_stores", "is_kept"]


def find_follower(*, tell: Callable[[str], None]) -> Follow:
    """Return what sends a record while its run goes on.

    Parameters
    ----------
    tell
        Told where it cannot be sent.

    Raises
    ------
    SettingsError
        When FLEETKIT_RUNS is not legal.
    """
    if not _names_bucket():
        from fleetkit.runs.following import no_follower

        return no_follower
    from fleetkit.workflows import open_record_place

    place = open_record_place()
    return lambda folder: place.follow(folder, tell=tell)


def find_stores() -> tuple[RunStore, ...]:
    """Return where earlier runs are looked for: in the current folder, then in the bucket where one is named.

    Raises
    ------
    SettingsError
        When FLEETKIT_RUNS is not legal.
    """
    from fleetkit.runs.stores import FolderStore

    here = FolderStore(Path.cwd() / "runs")
    if not _names_bucket():
        return (here,)
    from fleetkit.workflows import open_record_place

    return here, open_record_place().store


def is_kept(folder: Path) -> bool:
    """Return whether the record in ``folder`` is everywhere where it is to be kept."""
    if not _names_bucket():
        return True
    from fleetkit.workflows import open_record_place

    return open_record_place().is_kept(folder)


def _names_bucket() -> bool:
    from fleetkit.config import Settings

    return Settings.from_environment(os.environ).runs is not None
