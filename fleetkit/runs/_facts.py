"""Who runs, and with which versions: the facts that each record carries."""

from __future__ import annotations

import importlib.metadata
import platform
import socket

from fleetkit.core import current_user
from fleetkit.runs.record import Actor

__all__ = ["current_actor", "current_versions"]


def current_actor(*, aws: str = "") -> Actor:
    """Return who runs this process, by the account's name or, where it has none, its number.

    Parameters
    ----------
    aws
        Who AWS says that we are, where that is known.
    """
    return Actor(user=current_user(), host=socket.gethostname(), aws=aws)


def current_versions() -> dict[str, str]:
    """Return the versions that a reader of the record needs to know."""
    names = ("fleetkit", "papermill", "ipykernel")
    versions = {name: importlib.metadata.version(name) for name in names}
    return {**versions, "python": platform.python_version()}
