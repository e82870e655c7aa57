"""Sending records to the bucket of FLEETKIT_RUNS; where there is none, the workflows are not even loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetkit.runs.execute import Follow

__all__ = ["find_follower", "is_kept"]


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
        from fleetkit.runs.execute import no_follower

        return no_follower
    from fleetkit.workflows import open_record_place

    place = open_record_place()
    return lambda folder: place.follow(folder, tell=tell)


def is_kept(folder: Path) -> bool:
    """Return whether the record in ``folder`` is everywhere where it is to be kept."""
    if not _names_bucket():
        return True
    from fleetkit.workflows import open_record_place

    return open_record_place().is_kept(folder)


def _names_bucket() -> bool:
    from fleetkit.config import Settings

    return Settings.from_environment(os.environ).runs is not None
