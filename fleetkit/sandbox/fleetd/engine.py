"""The engine: the one fleetd that leads puts units on machines, and takes them off."""

from __future__ import annotations

from collections.abc import Callable

from fleetkit.sandbox.fleetd.placing import plan_moves
from fleetkit.sandbox.fleetd.registry import Registry

__all__ = ["Engine"]


class Engine:
    """Places units while this fleetd leads.

    Parameters
    ----------
    leads
        Says whether it does.
    tell
        Takes what is to be logged.
    """

    def __init__(self, registry: Registry, *, leads: Callable[[], bool], tell: Callable[[str], None]) -> None:
        self._registry = registry
        self._leads = leads
        self._tell = tell

    def act(self) -> None:
        """Make the moves that are due."""
        if not self._leads():
            return
        for move in plan_moves(self._registry.read_jobs(), self._registry.read_machines()):
            if move.is_placed:
                done = self._registry.place(move.unit, move.machine_id)
                self._tell(f"{'scheduled' if done else 'could not schedule'} {move.unit} to {move.machine_id}")
            else:
                self._registry.displace(move.unit, move.machine_id)
                self._tell(f"unscheduled {move.unit} from {move.machine_id}: {move.reason}")
