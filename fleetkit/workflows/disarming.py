"""Taking alarms of etcd back, held to what the cluster file demands of an approval like all work on etcd."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from fleetkit.config import Approval
from fleetkit.etcd import Alarm
from fleetkit.workflows._basis import Basis, Operation

__all__ = ["DisarmPlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisarmPlan:
    """Which alarms are taken back.

    Attributes
    ----------
    cluster
        Name of the cluster.
    alarms
        The alarms that are raised.
    """

    cluster: str
    alarms: tuple[Alarm, ...]
    rules: Approval = field(default_factory=Approval)
    basis: Basis | None = None

    @property
    def operation(self) -> Operation:
        """What it is for."""
        return Operation.DISARM

    @property
    def sha256(self) -> str:
        """Fingerprint of which alarms of whom."""
        raised = sorted([str(one.alarm), one.member_id] for one in self.alarms)
        said = {"cluster": self.cluster, "disarm": raised}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def is_empty(self) -> bool:
        """Whether none is raised."""
        return not self.alarms

    def check(self) -> None:
        """Refuse nothing: an alarm whose cause is still there comes back by itself."""
