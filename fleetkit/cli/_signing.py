"""Who signs what this operator does; where that is a key in a file, the workflows are not even loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetkit.core import Signer

__all__ = ["find_signer"]


def find_signer() -> Signer:
    """Return who signs, as `fleetkit.workflows.open_signer` chooses.

    Raises
    ------
    AwsError, NotFoundError, PreconditionError, SettingsError
        When the key cannot be had.
    """
    from fleetkit.config import Settings

    settings = Settings.from_environment(os.environ)
    if settings.signing_key is None:
        # What that does for a key in a file, without the fifth of a second that loading it takes before each run.
        from fleetkit.pki import ensure_signing_key

        return ensure_signing_key(settings.home)
    from fleetkit.workflows import open_signer

    return open_signer(settings)
