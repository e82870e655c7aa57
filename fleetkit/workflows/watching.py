"""Watch: read a cluster again and again, over one way in that stays open; changes nothing.

Terraform's drift takes long and puts load on AWS, so it is read when asked for, and not with the rest.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from fleetkit.ssh import TunnelState
from fleetkit.workflows import _inspections as reading
from fleetkit.workflows._reading import Reading
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.inspecting import Section, read_sections
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["ClusterWatch"]


class ClusterWatch:
    """Reads the parts of one cluster; to be used by one thread at a time, and closed at the end.

    Parameters
    ----------
    workspace
        The cluster.
    open_way
        Opens the way in.
    """

    def __init__(
        self, workspace: Workspace, *, open_way: Callable[[Workspace], AbstractContextManager[WayIn]] = open_way_in
    ) -> None:
        self.workspace = workspace
        self._open_way = open_way
        self._stack = contextlib.ExitStack()
        self._way: WayIn | None = None

    def __enter__(self) -> ClusterWatch:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def read(self) -> dict[str, Section]:
        """Read everything but Terraform's parts at once; what cannot be read is unknown, with its reason."""
        return read_sections(
            {
                "AWS": lambda: reading.read_aws(self.workspace),
                "etcd and fleet": self._read_through_way,
                "certificates": lambda: reading.read_certificates(self.workspace),
            },
            cluster=self.workspace.cluster.name,
        )

    def read_drift(self) -> dict[str, Section]:
        """Read drift and pending changes; takes ten seconds and more."""
        return read_sections(
            {"Terraform": lambda: reading.read_terraform(self.workspace)}, cluster=self.workspace.cluster.name
        )

    def close(self) -> None:
        """Close the way in; the next reading would open it again."""
        self._way = None
        self._stack.close()

    def _read_through_way(self) -> dict[str, Reading]:
        if self._way is not None and self._way.tunnel is not None and self._way.tunnel.state is not TunnelState.OPEN:
            # It may come back by itself, but not to a bastion that was replaced: AWS is asked anew.
            self.close()
        if self._way is None:
            self._way = self._stack.enter_context(self._open_way(self.workspace))
        return reading.read_through_way(self.workspace, self._way)
