"""What a restore would take away: what the cluster holds now, beside what the backup holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import EtcdError, NotYet, Patience, SshError, StalePlanError, WaitTimeoutError, wait_until
from fleetkit.etcd import (
    BackupArchive,
    BackupManifest,
    ClusterHealth,
    EtcdLimits,
    MemberHealth,
    Verdict,
    export_tree,
    list_newer_keys,
    read_sample,
    read_status,
)
from fleetkit.fleet import is_live_key
from fleetkit.workflows._comparing import key_nodes
from fleetkit.workflows._restored_member import measure_data
from fleetkit.workflows.way_in import WayIn

__all__ = ["StoresNow", "measure_members", "read_stores", "require_silent"]

_SHOWN = 10
_LIMITS = EtcdLimits(total_s=30)
_SILENCE = Patience(deadline_s=12, interval_s=1)
"""How long nobody serves before that is believed."""
_FLEETS_OWN = "/_coreos.com/fleet/engine/version"
"""What fleet's engine writes by itself into an empty store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoresNow:
    """What both stores hold now, held against a backup.

    Attributes
    ----------
    revision, keys
        Of the v3 store; nought keys where it is empty.
    newer
        Keys of the v3 store that were written since the backup; all where revisions cannot be compared.
    comparable
        Whether it is the cluster that was backed up: another one counts its revisions anew.
    v2_other, v2_only_now
        Keys of the v2 store that have other values in the backup, and such as it does not hold.
    v2_back
        Keys of the backup that are there no more, and come back.
    """

    revision: int
    keys: int
    newer: tuple[str, ...]
    comparable: bool
    v2_other: tuple[str, ...]
    v2_only_now: tuple[str, ...]
    v2_back: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever put there but what fleet writes by itself."""
        return not (self.keys or self.v2_other or set(self.v2_only_now) - {_FLEETS_OWN})

    def lines(self, manifest: BackupManifest) -> tuple[str, ...]:
        """Say what would be overwritten, a line each."""
        told = [
            f"the v3 store is at revision {self.revision} with {self.keys} keys now, "
            f"and at {manifest.revision} with {manifest.sample.keys} in the backup"
        ]
        if not self.comparable:
            told.append("it is another etcd than the one that was backed up, so that revisions cannot be compared")
        for keys, how in (
            (self.newer, "of the v3 store were written since, and would be lost or older"),
            (self.v2_other, "of the v2 store have other values in the backup, and would get those"),
            (self.v2_only_now, "of the v2 store are not in the backup, and would be lost"),
            (self.v2_back, "of the v2 store are there no more, and would come back"),
        ):
            if keys:
                more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
                told.append(f"{len(keys)} keys {how}: {', '.join(keys[:_SHOWN])}{more}")
        return tuple(told)


def read_stores(way: WayIn, health: ClusterHealth, archive: BackupArchive) -> StoresNow | None:
    """Read what the cluster holds now; None where none of its members serves.

    Raises
    ------
    EtcdError
        When members serve and yet do not tell it, or the trouble lies on our side: what cannot be seen is not
        overwritten unseen.
    """
    serving = {one.name for one in health.members if one.serves}
    statuses = read_status(way.endpoints, tls=way.tls, limits=_LIMITS).ok
    endpoint = next((one for one in way.endpoints if one.name in serving and one.name in statuses), None)
    if endpoint is None:
        if serving:
            raise EtcdError("etcd serves, and does not tell its status", transient=True, seen=_reasons(health.members))
        if health.verdict is Verdict.UNKNOWN:
            raise EtcdError(
                "whether etcd serves cannot be seen from here",
                transient=False,
                seen=_reasons(health.members),
                hint=f"mend that first, as fleetkit etcd health {way.cluster.name} names it; nothing was changed",
            )
        return None
    manifest, status = archive.manifest, statuses[endpoint.name]
    # Members whose data were all lost come up with the id that they had, and count revisions from 1 again.
    comparable = status.cluster_id == manifest.cluster_id and status.revision >= manifest.revision
    since = manifest.revision if comparable else 0
    now = key_nodes(export_tree(endpoint, roots=way.cluster.etcd.v2_roots, tls=way.tls, limits=_LIMITS))
    then = key_nodes(archive.tree)
    ours = {key: node.value for key, node in now.items() if not (node.is_dir or is_live_key(key))}
    theirs = {key: node.value for key, node in then.items() if not (node.is_dir or is_live_key(key))}
    return StoresNow(
        revision=status.revision,
        keys=read_sample(endpoint, revision=0, tls=way.tls, limits=_LIMITS).keys,
        newer=list_newer_keys(endpoint, since, tls=way.tls, limits=_LIMITS),
        comparable=comparable,
        v2_other=tuple(key for key in ours if key in theirs and ours[key] != theirs[key]),
        v2_only_now=tuple(key for key in ours if key not in theirs),
        v2_back=tuple(key for key in theirs if key not in ours),
    )


def require_silent(way: WayIn, archive: BackupArchive) -> None:
    """Make sure that still nobody serves what a restore would overwrite.

    Raises
    ------
    StalePlanError
        When somebody does.
    EtcdError
        When that cannot be seen.
    """

    def look() -> StoresNow | NotYet[StoresNow]:
        """One look tells little: in an election, or on a busy machine, nobody serves for a while."""
        return read_stores(way, way.read_health(), archive) or NotYet("nobody serves")

    name = way.cluster.name
    try:
        now = wait_until(look, what=f"anybody of {name} to serve", patience=_SILENCE)
    except WaitTimeoutError:
        return
    if not now.is_empty:
        raise StalePlanError(
            f"etcd of {name} serves again since the plan was shown", hint="plan again, and look at what is there"
        )


def measure_members(way: WayIn, machines: Sequence[aws.Instance]) -> dict[str, int]:
    """Return what each master's data take; who cannot be reached now could not be restored either.

    Raises
    ------
    SshError
        When a master cannot be reached; says how one that hangs comes back.
    """
    found = {}
    for name, master in way.cluster.masters.items():
        try:
            with way.connect(master.address) as connection:
                found[name] = measure_data(connection)
        except SshError as error:
            its = next((one for one in machines if one.private_address == master.address), None)
            hint = f"fleetkit deploy {way.cluster.name} makes or starts the machine that is missing; then give it again"
            if its is not None and its.state == "running":
                hint = (
                    f"a machine that hangs is rebooted from outside (aws ec2 reboot-instances --instance-ids "
                    f"{its.instance_id}), its disk stays; then give the same command again"
                )
            raise SshError(
                f"the master {name} cannot be reached, and a restore goes into all of them",
                seen=error.without_hint,
                hint=hint,
                transient=error.transient,
            ) from error
    return found


def _reasons(members: tuple[MemberHealth, ...]) -> str:
    return "; ".join(f"{one.name}: {one.reason}" for one in members if not one.healthy)
