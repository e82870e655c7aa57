"""Drill: restore a backup into a scratch etcd on this computer, and compare what it serves with what was backed up.

A backup is worth what was restored of it. The cluster is not asked, so that this works after its loss as well;
nothing stays but the proof beside the backup.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleetkit.core import format_duration, format_utc, utc_now
from fleetkit.etcd import (
    BackupArchive,
    Endpoint,
    export_tree,
    find_scratch_programs,
    hash_backend,
    read_sample,
    read_status,
    save_snapshot,
)
from fleetkit.runs import EventKind
from fleetkit.workflows._comparing import compare_trees
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._restored_scratch import restore_scratch
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.backup_place import BackupPlace, open_cluster_backups
from fleetkit.workflows.kept_backups import BackupProof, KeptBackup

__all__ = ["DrilledBackup", "drill_backup", "drill_etcd"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrilledBackup(Shown):
    """What came of restoring a backup.

    Attributes
    ----------
    kept
        The backup, with its new proof.
    proof
        The proof that was put beside it.
    compared
        What was compared, and how: one line each.
    """

    kept: KeptBackup
    proof: BackupProof
    compared: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """``done`` when it is proven, else ``findings``."""
        return "findings" if self.proof.findings else "done"

    @property
    def summary(self) -> str:
        """The whole in one sentence."""
        if self.proof.findings:
            return f"{self.kept.name} is not what was backed up: {self.proof.findings[0]}"
        return f"{self.kept.name} is proven: RPO {self.rpo}, RTO {self.rto}"

    @property
    def rpo(self) -> str:
        """How old the backup was: what would have been lost, had the cluster died now."""
        return format_duration(self.proof.rpo_s)

    @property
    def rto(self) -> str:
        """How long it took until both stores served again."""
        return format_duration(self.proof.rto_s)

    def __str__(self) -> str:
        lines = [*self.compared, *(f"differs: {one}" for one in self.proof.findings)]
        return "\n".join([self.summary, *(f"  - {line}" for line in lines)])


def drill_etcd(
    workspace: Workspace,
    *,
    place: str | None = None,
    identity: str | Path | None = None,
    report: Reporter | None = None,
) -> DrilledBackup:
    """Drill the newest backup of a cluster; the cluster itself is not asked.

    Parameters
    ----------
    place
        A folder, or ``s3://bucket/prefix``; ``backups`` beside ``runs`` where not given.
    identity
        File with the age identity or SSH private key that opens it; needed where it is encrypted, unless KMS opens it.

    Raises
    ------
    FleetkitError
        As `drill_backup` does.
    """
    key = Path(identity).expanduser() if identity else None
    return drill_backup(open_cluster_backups(workspace, place), identity=key, report=report)


def drill_backup(
    place: BackupPlace, name: str | None = None, *, identity: Path | None = None, report: Reporter | None = None
) -> DrilledBackup:
    """Restore a backup into a scratch etcd, compare, and put the proof beside the backup.

    Parameters
    ----------
    place
        Where the cluster's backups are kept.
    name
        Which one; the newest where not given.
    identity
        File with the age identity or SSH private key that opens it; needed where it is encrypted, unless KMS opens it.

    Raises
    ------
    NotFoundError
        When there is no such backup, or no etcd on this computer.
    PreconditionError
        When it is of another cluster, of a newer format or of a newer etcd.
    SettingsError
        When it is encrypted, and no key or another one was given.
    FleetkitError
        When it was cut off or changed, or cannot be restored.
    """
    report = report or Reporter()
    programs = find_scratch_programs()
    kept = place.find_backup(name)
    report.note(f"restoring {kept.name} into a scratch etcd {programs.version}")
    begun, begun_s = utc_now(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fleetkit-drill-") as made:
        folder = Path(made)
        with restore_scratch(place, kept, folder, programs=programs, identity=identity) as restored:
            rto_s = time.monotonic() - begun_s
            fetched, archive = restored.fetched, restored.fetched.archive
            compared = dict(_compare(archive, restored.snapshot, restored.scratch.endpoint, folder))
    proof = BackupProof(
        drilled=begun.replace(microsecond=0),
        sha256=fetched.sha256,
        findings=tuple(finding for finding in compared.values() if finding),
        rpo_s=round((begun - archive.manifest.taken).total_seconds(), 3),
        rto_s=round(rto_s, 3),
    )
    place.write_proof(kept.name, proof)
    drilled = DrilledBackup(
        kept=KeptBackup(name=kept.name, size_bytes=kept.size_bytes, proof=proof),
        proof=proof,
        compared=tuple(what for what, finding in compared.items() if not finding),
    )
    report.record(
        EventKind.FACT,
        {
            "about": "drill",
            "backup": str(kept.name),
            "drilled": format_utc(begun),
            "findings": list(proof.findings),
            "rpo_s": proof.rpo_s,
            "rto_s": proof.rto_s,
            "sha256": fetched.sha256,
        },
    )
    return drilled


def _compare(archive: BackupArchive, snapshot: Path, endpoint: Endpoint, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what is compared, each with what is not as it should be; empty where it is."""
    manifest = archive.manifest
    (status,) = read_status([endpoint]).values()
    revision = getattr(status, "revision", status)
    # A store in which nothing was written is at revision 1, and its file says 0.
    yield (
        f"revision {manifest.revision}",
        "" if revision == max(manifest.revision, 1) else f"revision {revision}, not {manifest.revision}",
    )
    sample = read_sample(endpoint, revision=manifest.revision)
    yield (
        f"{manifest.sample.keys} keys of the v3 store",
        "" if sample.keys == manifest.sample.keys else f"{sample.keys} keys, not {manifest.sample.keys}",
    )
    wrong = [key for key, sha256 in manifest.sample.values.items() if sample.values.get(key) != sha256]
    yield (
        f"a sample of {len(manifest.sample.values)} values, as the cluster itself told them",
        f"{len(wrong)} values of the sample, the first of key {wrong[0]} in base64" if wrong else "",
    )
    again = save_snapshot(endpoint, folder / "again.db")
    with snapshot.open("rb") as ours, again.path.open("rb") as theirs:
        hashes = hash_backend(ours), hash_backend(theirs)
    yield (
        f"the hash of every revision of every key, {hashes[0][:12]}…",
        "" if hashes[0] == hashes[1] else f"the hash of every revision, {hashes[1][:12]}…, not {hashes[0][:12]}…",
    )
    served = export_tree(endpoint, roots=[root.root for root in archive.tree.roots])
    yield f"{manifest.v2_keys} keys of the v2 store", compare_trees(archive.tree, served)
