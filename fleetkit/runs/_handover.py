"""How the process that runs a notebook and the notebook's kernel know of each other.

The runner names the record's folder in the kernel's environment.
The kernel speaks back through display messages of a type of their own, which the runner takes out of the stream:
they reach no file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["MESSAGE", "environment_for", "handed_over_folder"]

MESSAGE = "application/vnd.fleetkit.run+json"
"""Type of the display messages: ``{"protect": [...]}``, ``{"finish": {"outcome": ..., "summary": ...}}``, and
``{"transient": ...}`` of an error that ends a cell."""

_VARIABLE = "RUN_RECORD_FOLDER"


def environment_for(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a kernel whose record is written by this process."""
    return {**environ, _VARIABLE: f"{os.getpid()}:{folder}"}


def handed_over_folder(environ: Mapping[str, Any]) -> Path | None:
    """Return the record's folder where the kernel's own parent writes it, else None.

    A kernel that was started from inside another notebook inherits that one's variable, and has another parent.
    """
    parent, _, folder = str(environ.get(_VARIABLE, "")).partition(":")
    if not folder or parent != str(environ.get("JPY_PARENT_PID")):
        return None
    return Path(folder)
