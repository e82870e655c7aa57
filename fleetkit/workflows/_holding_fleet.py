"""Being alone at work on a cluster's fleet; of a fleet or an etcd without a cluster file nobody keeps a lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fleetkit.fleet import FleetEndpoint
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.unlocking import hold_everywhere

__all__ = ["hold_fleet"]


@contextlib.contextmanager
def hold_fleet(source: Workspace | FleetEndpoint | None, *, operation: str, told: Reporter) -> Iterator[None]:
    """Hold a cluster for the length of a block, as `hold_everywhere` does; of anything else hold nothing."""
    if isinstance(source, Workspace):
        with hold_everywhere(source, operation=operation, told=told):
            yield
    else:
        yield
