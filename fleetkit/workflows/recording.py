"""Beginning a record that is signed and sent: the operator's key and bucket, and the run of the notebook around it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleetkit import runs
from fleetkit.config import Settings
from fleetkit.runs import Run
from fleetkit.workflows.record_place import open_record_place
from fleetkit.workflows.signing import open_signer

__all__ = ["begin_run"]

_LOG = logging.getLogger(__name__)
"""Where nobody listens to it, a kernel shows what is logged below the cell."""


def begin_run(*, notebook: str, cluster: str, parameters: Mapping[str, Any], folder: Path | None = None) -> Run:
    """Begin the run of this notebook, and its record, signed with the operator's key and sent as it grows.

    A bucket that cannot be reached stops no run: that is told, and the record is kept here.

    Parameters
    ----------
    notebook
        Name of the notebook, or its path.
    cluster
        Name or file of the cluster; empty where the settings name it, or there is only one.
    parameters
        The notebook's parameters, for the record.
    folder
        Folder that holds ``clusters/`` and ``runs/``; found where not given.

    Raises
    ------
    SettingsError
        When this is no notebook's kernel, a parameter looks like a secret, FLEETKIT_RUNS is not legal,
        or no record can be written.
    PreconditionError
        When the operator's key is damaged, or others can reach it.
    AwsError
        When it lies in KMS, and is out of reach.
    """
    settings = Settings.from_environment(os.environ)
    place = open_record_place(folder)
    return runs.begin_run(
        notebook=notebook,
        cluster=cluster or settings.cluster or "",
        parameters=parameters,
        folder=folder,
        find_signer=lambda: open_signer(settings),
        follow=lambda record: place.follow(record, tell=_LOG.warning),
    )
