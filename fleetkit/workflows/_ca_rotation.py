"""The steps of a rotation of the CA, on all machines that run: each ends when all have done their part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fleetkit.core import FleetkitError, Patience, WorkflowError
from fleetkit.pki import ClusterPki, is_signed_by, load_pki, renew_leaf
from fleetkit.runs import EventKind
from fleetkit.workflows._ca_machines import ETCD, FLEET_SERVICE, find_distrust, restart_member
from fleetkit.workflows._etcd_look import look_at_etcd
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._rotation_machines import FleetMachine, fetch_files, list_machines, restart_fleet
from fleetkit.workflows._rotation_plan import select_machines
from fleetkit.workflows._rotation_proof import find_flaws
from fleetkit.workflows._rotation_steps import attempt, take_over
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.one_by_one import OneByOne, order_members
from fleetkit.workflows.supplying import supply_bucket
from fleetkit.workflows.way_in import WayIn

__all__ = ["CaRotation", "load", "look", "members_of", "services_of"]


@dataclass(slots=True, kw_only=True)
class CaRotation:
    """The steps, on all machines that run."""

    workspace: Workspace
    way: WayIn
    told: Reporter
    patience: Patience
    renewed: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def have_trusted(self, what: str) -> None:
        """Have all fetch whom to trust, and restart those that read it at their start alone."""
        pki, running = self._supply()
        trusted = pki.ca.certificate.read_bytes()

        def distrusts(machine: FleetMachine, service: str) -> bool:
            return bool(look(self.way, machine, service, trusted))

        behind = [one for one in running if any(distrusts(one, service) for service in services_of(one))]
        self._each(behind, "fetches", lambda one: fetch_files(self.way, one))
        self.fetched += [one.name for one in behind]
        masters = {one.name: one for one in running if not one.role}
        walk = OneByOne(
            way=self.way,
            told=self.told,
            what=f"the rotation of the CA of {self.workspace.cluster.name}",
            again=f"go on with fleetkit certificates rotate {self.workspace.cluster.name} --ca",
            patience=self.patience,
        )

        def restart(name: str) -> None:
            self.told.note(f"{name} restarts, to trust {what}")
            restart_member(self.way, masters[name])
            self.told.record(EventKind.CHANGE, {"what": "member restarted", "member": name, "trusts": what})

        statuses = look_at_etcd(self.way).statuses
        walk.walk(order_members(statuses), restart, is_done=lambda name, _look: not distrusts(masters[name], ETCD))
        fleets = [one for one in running if distrusts(one, FLEET_SERVICE)]
        self._each(fleets, f"has fleet trust {what}", self._restart_fleet)
        self._require(
            "trust", [look(self.way, one, service, trusted) for one in running for service in services_of(one)]
        )

    def issue_all(self) -> None:
        """Have the new CA sign all leaves, and bring them to all machines."""
        pki, members = load(self.workspace), members_of(self.workspace)
        leaves = [one for one in pki.certificates() if one.name != pki.ca.name]
        for leaf in leaves:
            if not is_signed_by(leaf.certificate, pki.ca.certificate, first_only=True):
                renew_leaf(pki.folder, leaf.name, members=members, dns_zone=self.workspace.cluster.dns_zone)
                self.renewed.append(leaf.name)
                self.told.record(EventKind.CHANGE, {"what": "certificate re-issued", "name": leaf.name})
        self.told.note(f"re-issued {len(self.renewed)} certificates")
        _, running = self._supply()
        self._each(running, "fetches", lambda one: take_over(self.way, one, pki, patience=self.patience))
        self.fetched += [one.name for one in running]
        self._each(running, "has fleet take its certificate", self._restart_fleet)
        for leaf in leaves:
            using = select_machines(running, (leaf.name,))
            self._require("issue", find_flaws(self.way, using, leaf.name, pki))

    def _supply(self) -> tuple[ClusterPki, tuple[FleetMachine, ...]]:
        """Fill the bucket, and return what is in it with the machines that run: whoever boots later fetches that."""
        pki = load(self.workspace)
        supply_bucket(self.workspace, pki, on_note=self.told.note)
        return pki, tuple(one for one in list_machines(self.workspace) if one.is_running)

    def _each(self, machines: Sequence[FleetMachine], does: str, act: Callable[[FleetMachine], None]) -> None:
        done: list[str] = []
        for machine in machines:
            self.told.note(f"{machine.name} {does}")
            attempt(self.workspace.cluster.name, machine, done, act, again="--ca")
            done.append(machine.name)
            self.told.record(EventKind.CHANGE, {"what": does, "machine": machine.name})

    def _restart_fleet(self, machine: FleetMachine) -> None:
        restart_fleet(self.way, machine, patience=self.patience)

    def _require(self, step: str, flaws: Sequence[str]) -> None:
        seen = "; ".join(filter(None, flaws))
        if seen:
            name = self.workspace.cluster.name
            raise WorkflowError(
                f"the rotation of the CA of {name} stopped before the end",
                step=step,
                seen=seen,
                hint=f"mend that, then go on with fleetkit certificates rotate {name} --ca",
            )


def look(way: WayIn, machine: FleetMachine, service: str, trusted: bytes) -> str:
    """Say why a service does not trust what it should, or why that cannot be seen; empty where it does."""
    try:
        return find_distrust(way, machine, service, trusted)
    except FleetkitError as error:
        return f"{machine.name} cannot be asked: {error.without_hint}"


def services_of(machine: FleetMachine) -> tuple[str, ...]:
    """Return who on a machine reads whom to trust."""
    return (FLEET_SERVICE,) if machine.role else (ETCD, FLEET_SERVICE)


def load(workspace: Workspace) -> ClusterPki:
    """Return the certificates as they lie here now."""
    return load_pki(workspace.paths.pki, members=members_of(workspace))


def members_of(workspace: Workspace) -> dict[str, str]:
    """Return each member's name with its address."""
    return {name: master.address for name, master in workspace.cluster.masters.items()}
