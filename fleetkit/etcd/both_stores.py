"""All that a backup holds of etcd, read out of one member over one connection."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetkit.etcd._asking import context_for
from fleetkit.etcd._http import Call
from fleetkit.etcd.endpoints import Endpoint, EtcdLimits, TlsFiles
from fleetkit.etcd.maintenance import read_member_list
from fleetkit.etcd.sample import StoreSample, read_sample_over
from fleetkit.etcd.snapshot import SavedSnapshot, save_snapshot_over
from fleetkit.etcd.tree import V2_ROOTS, V2Tree, check_roots, export_tree_over
from fleetkit.etcd.values import Member

__all__ = ["BothStores", "read_both_stores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BothStores:
    """What one member told of both stores.

    Attributes
    ----------
    snapshot
        The v3 store, in its file.
    tree
        The v2 store, read after the snapshot.
    sample
        Of the v3 store at the snapshot's revision, as the cluster itself told it.
    members
        All members, in the order of their names.
    """

    snapshot: SavedSnapshot
    tree: V2Tree
    sample: StoreSample
    members: tuple[Member, ...]


def read_both_stores(
    endpoint: Endpoint,
    target: Path,
    *,
    roots: Sequence[str] = V2_ROOTS,
    tls: TlsFiles | None = None,
    limits: EtcdLimits | None = None,
) -> BothStores:
    """Read both stores of etcd, and what a restore is to be compared with.

    Parameters
    ----------
    endpoint
        The member to ask; the v2 store is read through the quorum.
    target
        The snapshot's file; it bears its name once it is whole.
    roots
        Paths of the v2 store; a hidden one is not part of ``/`` and is named beside it.
    limits
        Seconds for each of the four; of the snapshot, for each of its pieces.

    Raises
    ------
    EtcdError
        When the member does not answer in time or without a quorum, or the snapshot broke off or is damaged.
    FleetkitError
        When the file cannot be written, as on a disk that is full.
    SettingsError
        When the TLS files cannot be used, or no root was given.
    """
    check_roots(roots)
    total_s = (limits or EtcdLimits()).total_s
    with Call(endpoint, context=context_for([endpoint], tls), deadline=time.monotonic() + total_s) as call:
        snapshot = save_snapshot_over(call, target, idle_s=total_s)
        call.extend(total_s)
        tree = export_tree_over(call, roots)
        call.extend(total_s)
        sample = read_sample_over(call, revision=snapshot.revision)
        call.extend(total_s)
        return BothStores(snapshot=snapshot, tree=tree, sample=sample, members=read_member_list(call))
