"""Who signs what this operator does: found without the workflows, which a command may not need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleetkit.core import Signer

__all__ = ["find_signer"]


def find_signer() -> Signer:
    """Return the operator's key, which is made where there is none.

    Raises
    ------
    PreconditionError
        When the key is damaged, or others can reach it.
    SettingsError
        When the folder that holds it cannot be made or written.
    """
    from fleetkit.config import Settings
    from fleetkit.pki import ensure_signing_key

    return ensure_signing_key(Settings.from_environment(os.environ).home)
