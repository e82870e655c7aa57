"""Which share of an account's calls the settings leave to those who look at a cluster."""

from __future__ import annotations

from fleetkit.aws import CallShare
from fleetkit.config import Settings

__all__ = ["share_of"]


def share_of(settings: Settings) -> CallShare | None:
    """Return the share that the settings name; None where they name none and nobody counts."""
    if settings.aws_rate is None and settings.aws_tally is None:
        return None
    return CallShare(rate_per_s=settings.aws_rate, folder=settings.aws_rate_folder, tally=settings.aws_tally)
