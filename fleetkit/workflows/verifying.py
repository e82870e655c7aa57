"""Verify a deploy: etcd has its quorum, and every desired machine has joined fleet; else say what is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from fleetkit import aws
from fleetkit.core import NotFoundError, NotYet, Patience, ServiceError, format_duration, wait_until
from fleetkit.core.clock import SYSTEM_CLOCK
from fleetkit.etcd import ClusterHealth, Verdict
from fleetkit.fleet import FleetClient
from fleetkit.runs import EventKind
from fleetkit.ssh import Connection
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.way_in import WayIn, open_way_in

__all__ = ["BOOT_PATIENCE", "VerifiedDeploy", "verify_deploy"]

BOOT_PATIENCE = Patience(deadline_s=900, interval_s=1)
"""Machines on EC2 boot, fetch and pull an image; a quarter of an hour is beyond what any of that should take."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VerifiedDeploy(Shown):
    """A cluster that was seen to live.

    Attributes
    ----------
    cluster
        Its name.
    health
        etcd's health.
    machines
        Private addresses of the machines that have joined fleet.
    took_s
        Seconds until all of it was true.
    """

    cluster: str
    health: ClusterHealth
    machines: tuple[str, ...]
    took_s: float

    @property
    def outcome(self) -> str:
        """``done``: whatever else ends in an error."""
        return "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        return (
            f"{self.cluster} lives: etcd has its quorum with {len(self.health.members)} members, "
            f"and {len(self.machines)} machines have joined fleet (seen after {format_duration(self.took_s)})"
        )

    def __str__(self) -> str:
        return self.summary


def verify_deploy(
    workspace: Workspace, *, patience: Patience = BOOT_PATIENCE, report: Reporter | None = None
) -> VerifiedDeploy:
    """Wait until etcd is healthy and every desired machine has joined fleet.

    Raises
    ------
    WaitTimeoutError
        When that is not so at the deadline; ``seen`` says what is missing.
    """
    told = report or Reporter()
    started = SYSTEM_CLOCK.monotonic()
    said: set[str] = set()

    def note(reason: str) -> None:
        # The same reason many times over tells nobody anything.
        if reason not in said:
            said.add(reason)
            told.note(f"not yet: {reason}")

    with contextlib.closing(_Look(workspace)) as look:
        health, machines = wait_until(
            look,
            what=f"{workspace.cluster.name} to live",
            patience=patience,
            on_wait=note,
            hint=f"fleetkit inspect {workspace.cluster.name} shows each part; a machine's console tells of its boot",
        )
    verified = VerifiedDeploy(
        cluster=workspace.cluster.name,
        health=health,
        machines=machines,
        took_s=SYSTEM_CLOCK.monotonic() - started,
    )
    facts = {"what": "deploy", "ok": True, "verdict": str(health.verdict), "machines": list(machines)}
    told.record(EventKind.VERIFIED, {**facts, "took_s": round(verified.took_s, 3)})
    return verified


@dataclass(slots=True)
class _Look:
    """Looks once at a time, and keeps the tunnel and the login open in between."""

    workspace: Workspace
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _way: WayIn | None = None
    _connection: Connection | None = None

    def close(self) -> None:
        """Close what was opened on the way."""
        self._stack.close()
        self._way = self._connection = None

    def __call__(self) -> tuple[ClusterHealth, tuple[str, ...]] | NotYet[tuple[ClusterHealth, tuple[str, ...]]]:
        try:
            if self._way is None:
                self._way = self._stack.enter_context(open_way_in(self.workspace))
            health = self._way.read_health()
            if health.verdict is not Verdict.HEALTHY:
                return NotYet(_describe(health))
            if self._connection is None:
                self._connection = self._stack.enter_context(self._way.connect_master())
            client = FleetClient(self._way.open_fleet_socket(self._connection))
            joined = {one.primary_ip for one in client.list_machines()}
        except (ServiceError, NotFoundError) as error:
            # A bastion shows its own making's host key until it has fetched the cluster's: refused, and tried again.
            self.close()
            self._stack = contextlib.ExitStack()
            return NotYet(error.without_hint)
        missing = list(self._missing(joined))
        return NotYet(", ".join(missing)) if missing else (health, tuple(sorted(joined)))

    def _missing(self, joined: set[str]) -> Iterator[str]:
        cluster = self.workspace.cluster
        machines = aws.list_instances(self.workspace.session, cluster.name)
        for name, master in cluster.masters.items():
            if master.address not in joined:
                yield f"the master {name} ({master.address}) has not joined fleet"
        for role, pool in cluster.pools.items():
            there = [one for one in machines if one.role == role and one.state == "running"]
            if len(there) < pool.desired:
                yield f"the pool {role} has {len(there)} of {pool.desired} machines"
            for one in there:
                if one.private_address not in joined:
                    yield f"{role} {one.instance_id} ({one.private_address}) has not joined fleet"


def _describe(health: ClusterHealth) -> str:
    ill = [f"{one.name} {one.reason}" for one in health.members if not one.healthy]
    return f"etcd is {health.verdict}: {'; '.join(ill)}"
