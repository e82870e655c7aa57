"""What papermill finds under the name ``fleetkit``: the engine of the runs, whose records the operator's key signs.

Papermill imports this module whenever it is imported itself, so it brings in next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetkit.runs import engine

if TYPE_CHECKING:
    from fleetkit.core import Signer
    from fleetkit.runs.following import Follow

__all__ = ["Engine"]


class Engine(engine.Engine):
    """An engine as papermill asks for one."""

    @classmethod
    def find_signer(cls) -> Signer:
        """Return who signs what the operator does."""
        from fleetkit.cli._signing import find_signer

        return find_signer()

    @classmethod
    def find_follower(cls) -> Follow:
        """Return what sends the record to the bucket of FLEETKIT_RUNS, and says by papermill's log what it cannot."""
        import logging

        from fleetkit.cli._sending import find_follower

        return find_follower(tell=logging.getLogger("papermill").warning)
