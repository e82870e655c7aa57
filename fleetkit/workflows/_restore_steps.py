"""The doing of a restore, step by step; each may be done again, so that one that was cut off goes on by a new run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from fleetkit import aws
from fleetkit.config import change_cluster_file, parse_cluster, read_cluster_data, write_cluster_file
from fleetkit.core import EtcdError, FleetkitError, NotYet, Patience, SshError, WorkflowError, call_each, wait_until
from fleetkit.etcd import (
    BackupArchive,
    Endpoint,
    EtcdLimits,
    KeyNode,
    MemberStatus,
    V2Root,
    V2Tree,
    export_tree,
    list_alarms,
    put_tree,
    read_sample,
    read_status,
    render_restore_options,
)
from fleetkit.fleet import ENGINE_LEASE, is_live_key, render_lease
from fleetkit.pki import load_pki
from fleetkit.runs import EventKind
from fleetkit.ssh import Connection
from fleetkit.workflows._comparing import compare_trees
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._restore_mark import RestoreMark, mark_put, mark_switching
from fleetkit.workflows._restored_member import (
    REVISION_BUMP,
    MemberFolders,
    clean_up,
    prepare_data,
    signal_fleet,
    start_etcd,
    switch_data,
)
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.delivery import FLEET_MACHINE_ROLES
from fleetkit.workflows.last_backup import LastBackup, note_backup
from fleetkit.workflows.supplying import supply_bucket
from fleetkit.workflows.way_in import WayIn

__all__ = ["Restoring"]

_LIMITS = EtcdLimits(total_s=30)
_HOLDING = "holding fleet still"
_AGAIN = Patience(deadline_s=60, interval_s=2)
"""How long a machine is asked again after its connection broke."""

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Restoring:
    """Carries a restore out.

    Attributes
    ----------
    workspace, way, told
        Of which cluster, over which way, and who is told.
    archive, snapshot
        The backup, and its v3 part as a file.
    mark
        The restore that is gone on with.
    place, backup
        Where the backup lies, and its name there.
    patience
        How long etcd may take to serve again.
    done
        The steps that were done, in order.
    """

    workspace: Workspace
    way: WayIn
    told: Reporter
    archive: BackupArchive
    snapshot: Path
    mark: RestoreMark
    place: str
    backup: str
    patience: Patience
    done: list[str] = field(default_factory=list)

    @property
    def folders(self) -> MemberFolders:
        """The folders of this restore on each master."""
        return MemberFolders(stamp=self.mark.stamp)

    @property
    def tree(self) -> V2Tree:
        """The part of the v2 store that is put back: all but what machines write by themselves while they live."""
        return self.archive.tree.without(is_live_key)

    def run(self) -> str:
        """Do all steps, and return what is not as it was backed up; empty where all is.

        Raises
        ------
        WorkflowError
            When a step fails; says which were done before it, and that the same command goes on.
        """
        self._step("preparing the new data beside the old", self._prepare)
        self._step("telling the bucket of the new cluster", self._settle)
        self._step(_HOLDING, lambda: self._signal_fleet("STOP"))
        self._step("putting the old data aside", self._switch)
        self._step("starting etcd", lambda: self._on_masters(lambda one, _: start_etcd(one)))
        endpoint = self._step("waiting for the quorum", self._wait_healthy)
        since = self._step("putting the v2 store back", lambda: self._put_tree(endpoint))
        finding = self._step("comparing both stores with the backup", lambda: self._compare(endpoint, since=since))
        self._step("remembering where etcd goes on", lambda: self._remember(endpoint))
        held = self._step("letting fleet go on", lambda: self._signal_fleet("CONT"))
        ways_on = [f"fleet of {one} may still be held: sudo systemctl kill -s CONT fleet.service there" for one in held]
        return "; ".join(filter(None, [finding, self._find_alarms(), *ways_on]))

    def clean_up(self) -> dict[str, tuple[str, ...]]:
        """Remove the folders in which new data were made, and return what earlier restores put aside, by master."""
        older: dict[str, tuple[str, ...]] = {}
        self._on_masters(lambda one, name: older.update({name: clean_up(one, self.folders)}))
        return {name: older[name] for name in sorted(older) if older[name]}

    def _step(self, name: str, do: Callable[[], T]) -> T:
        self.told.note(name)
        try:
            found = do()
        except FleetkitError as error:
            cluster = self.workspace.cluster.name
            is_held = _HOLDING in self.done
            held = "; fleet is held still meanwhile: its units run on, and nobody looks after them" if is_held else ""
            raise WorkflowError(
                f"the restore of {cluster} stopped before the end{held}",
                step=name,
                completed=self.done,
                seen=f"while {name}: {error.without_hint}",
                hint=f"mend what is named, then give the same command again: it goes on; old data, where they were put "
                f"aside, lie in {self.folders.aside} of each master",
            ) from error
        self.done.append(name)
        self.told.record(EventKind.CHANGE, {"what": "restore", "step": name})
        return found

    def _prepare(self) -> None:
        addresses = self._addresses()

        def prepare(connection: Connection, name: str) -> None:
            options = render_restore_options(name=name, members=addresses, token=self.mark.token)
            prepare_data(connection, self.folders, self.snapshot, options=options)

        self._on_masters(prepare)

    def _settle(self) -> None:
        """Write the new token into the cluster file, and what follows from it into the bucket."""
        file = self.workspace.paths.file
        text = file.read_text(encoding="utf-8")
        write_cluster_file(file, change_cluster_file(text, {"etcd.token": self.mark.token}), new=False)
        self.workspace = replace(self.workspace, cluster=parse_cluster(read_cluster_data(file), file=file))
        supply_bucket(self.workspace, load_pki(self.workspace.paths.pki, members=self._addresses()))

    def _switch(self) -> None:
        self.mark = mark_switching(self.workspace.paths.folder, self.mark)
        self._on_masters(lambda one, _: switch_data(one, self.folders))

    def _signal_fleet(self, signal: str) -> list[str]:
        """Signal fleetd on every machine, and return those that could not be told.

        One that saw the empty store would unload its units, as it does when it is told to end; one that is stopped
        leaves them running. A machine that cannot be reached is named, and left to itself.
        """
        machines = {
            one.private_address: "" if one.role == "master" else str(one.role)
            for one in aws.list_instances(self.workspace.session, self.workspace.cluster.name)
            if one.role in ("master", *FLEET_MACHINE_ROLES) and one.state == "running" and one.private_address
        }

        def send(address: str) -> bool:
            return self._persist(address, lambda one: signal_fleet(one, signal), role=machines[address])

        failed = call_each(list(machines), send, catch=FleetkitError).failed
        for address, error in failed.items():
            self.told.note(f"fleet of {address} was not told ({error}): its units may end and start again")
        return list(failed)

    def _wait_healthy(self) -> Endpoint:
        def look() -> Endpoint | NotYet[Endpoint]:
            health = self.way.read_health()
            # A backup that was taken under an alarm brings it back: who is under one serves all the same.
            ill = [f"{one.name}: {one.reason}" for one in health.members if not one.serves]
            return NotYet("; ".join(ill)) if ill else self.way.endpoints[0]

        return wait_until(look, what="all members to serve", patience=self.patience)

    def _find_alarms(self) -> str:
        """Name the alarms that the backup brought back; until they are disarmed, nothing can be written to v3."""
        hint = f"fleetkit etcd alarms {self.workspace.cluster.name} says what mends it"
        try:
            found = list_alarms(self.way.endpoints, tls=self.way.tls, limits=_LIMITS)
        except EtcdError as error:
            # All is put back by now, and a restore that is over does not begin again for want of this.
            return f"whether an alarm is raised could not be read: {error.without_hint} ({hint})"
        raised = sorted({str(one.alarm) for one in found})
        return f"raised as when it was backed up: {', '.join(raised)} ({hint})" if raised else ""

    def _put_tree(self, endpoint: Endpoint) -> int:
        """Put the v2 store back once, and return its index afterwards: what changes from then on, others change."""
        if not self.mark.put_at:
            # A key that is there already was written since etcd serves again, or by this before it was cut off.
            put_tree(endpoint, self.tree, overwrite=False, tls=self.way.tls, limits=_LIMITS)
        # Nobody places units anew before every machine had the time to say that it is still there.
        ttl_s = self.workspace.cluster.fleet.agent_ttl_s // 2 + 5
        put_tree(endpoint, _lease_tree(ttl_s), tls=self.way.tls, limits=_LIMITS)
        (lease,) = export_tree(endpoint, roots=[ENGINE_LEASE], tls=self.way.tls, limits=_LIMITS).roots
        if not self.mark.put_at:
            self.mark = mark_put(self.workspace.paths.folder, self.mark, index=lease.index)
        return self.mark.put_at

    def _compare(self, endpoint: Endpoint, *, since: int) -> str:
        """Compare what was put back; clients write again, and what they changed after ``since`` is theirs."""
        manifest = self.archive.manifest
        revision = self._restored_revision(endpoint)
        sample = read_sample(endpoint, revision=revision, tls=self.way.tls, limits=_LIMITS)
        roots = [root.root for root in self.archive.tree.roots]
        served = export_tree(endpoint, roots=roots, tls=self.way.tls, limits=_LIMITS)
        v3 = "" if sample == manifest.sample else f"the v3 store has {sample.keys} keys, or other values of a sample"
        v2 = compare_trees(self.tree, served.without(is_live_key), since=since)
        return "; ".join(filter(None, (v3, v2)))

    def _restored_revision(self, endpoint: Endpoint) -> int:
        """Return the revision at which the store is just what was backed up."""
        bumped = self.archive.manifest.revision + REVISION_BUMP
        return bumped if self._read_status(endpoint).revision >= bumped else self.archive.manifest.revision

    def _read_status(self, endpoint: Endpoint) -> MemberStatus:
        found = read_status([endpoint], tls=self.way.tls, limits=_LIMITS)
        for error in found.failed.values():
            raise error
        return found.ok[endpoint.name]

    def _remember(self, endpoint: Endpoint) -> None:
        """Have the bucket remember that etcd goes on from the backup: its log begins anew, and that is no loss."""
        status, manifest = self._read_status(endpoint), self.archive.manifest
        now = LastBackup(
            cluster_id=status.cluster_id,
            raft_index=status.raft_index,
            raft_term=status.raft_term,
            revision=self._restored_revision(endpoint),
            digest=manifest.sample.digest,
            taken=manifest.taken,
            place=self.place,
            name=self.backup,
        )
        note_backup(self.workspace, self.way.endpoints, now, tls=self.way.tls, report=self.told)

    def _addresses(self) -> dict[str, str]:
        return {name: master.address for name, master in self.workspace.cluster.masters.items()}

    def _on_masters(self, do: Callable[[Connection, str], None]) -> None:
        addresses: Mapping[str, str] = self._addresses()

        def act(name: str) -> bool:
            return self._persist(addresses[name], lambda one: do(one, name))

        for error in call_each(list(addresses), act, catch=FleetkitError).failed.values():
            raise error

    def _persist(self, address: str, do: Callable[[Connection], None], *, role: str = "") -> bool:
        """Do a step on a machine, again where the connection broke: each may be done twice."""

        def act() -> bool | NotYet[bool]:
            try:
                with self.way.connect(address, role=role) as connection:
                    do(connection)
            except SshError as error:
                if error.transient:
                    return NotYet(str(error))
                raise
            return True

        return wait_until(act, what=f"{address} to be reached", patience=_AGAIN)


def _lease_tree(ttl_s: int) -> V2Tree:
    lease = KeyNode(
        key=ENGINE_LEASE, value=render_lease("fleetkit"), is_dir=False, nodes=(), modified_index=0, ttl_s=ttl_s
    )
    return V2Tree(roots=(V2Root(root=ENGINE_LEASE, index=0, node=lease),))
