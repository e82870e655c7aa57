"""What follows a destroy: sweep up what is left, prove that nothing remains, forget the local traces."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.aws import Inventory, Thing
from fleetkit.config import StateKind
from fleetkit.core import NotYet, Patience, ServiceError, format_utc, utc_now, wait_until
from fleetkit.runs import EventKind
from fleetkit.workflows._lock import hold_cluster
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._shown import Shown
from fleetkit.workflows._workspace import Workspace

__all__ = ["Emptiness", "Sweep", "forget_cluster", "sweep_leftovers", "verify_emptiness"]

_SWEEP_PATIENCE = Patience(deadline_s=900, interval_s=5)
_HELD_PATIENCE = Patience(deadline_s=60, interval_s=5)
"""Where something of somebody else's holds the VPC, waiting longer would not make it go."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sweep(Shown):
    """What a sweep removed, in the order of removal."""

    cluster: str
    removed: tuple[str, ...]

    def __str__(self) -> str:
        if not self.removed:
            return "Nothing was left over."
        return "\n".join(["Left over, and removed:", *(f"  - {one}" for one in self.removed)])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Emptiness(Shown):
    """The certificate of emptiness: what was looked for, what is left, and what was kept on purpose.

    Attributes
    ----------
    cluster, account_id, region
        Where was looked, and for whose things.
    at
        When, in UTC.
    left
        Things of the cluster that are still there.
    bucket
        Name of the cluster's bucket when that is still there, else empty.
    foreign
        Things in the cluster's VPC that are not the cluster's.
    kept
        What was kept on purpose, as words.
    """

    cluster: str
    account_id: str
    region: str
    at: str
    left: tuple[Thing, ...]
    bucket: str
    foreign: tuple[Thing, ...]
    kept: tuple[str, ...]

    @property
    def still_there(self) -> tuple[str, ...]:
        """Everything that is left, as words."""
        return (*map(str, self.left), *([f"bucket {self.bucket}"] if self.bucket else []))

    @property
    def scope(self) -> str:
        """Where was looked, so that nobody takes the certificate for more than it is."""
        return (
            f"looked at: what bears the tag of {self.cluster}, the roles and profiles of its name, all in its VPC, "
            "and its bucket; what lies outside the VPC without the tag is not known to be the cluster's"
        )

    @property
    def outcome(self) -> str:
        """``done`` when nothing of the cluster is left, else ``failed``."""
        return "failed" if self.still_there else "done"

    @property
    def summary(self) -> str:
        """One sentence."""
        where = f"in account {self.account_id}, region {self.region}, at {self.at}"
        if self.still_there:
            return f"{len(self.still_there)} things of {self.cluster} are still there {where}"
        return f"nothing of {self.cluster} is left {where}"

    def __str__(self) -> str:
        lines = [f"Certificate of emptiness: {self.summary}.", self.scope]
        for title, items in (
            ("still there", self.still_there),
            ("not ours, left alone", self.foreign),
            ("kept on purpose", self.kept),
        ):
            lines += [f"{title}:", *(f"  - {item}" for item in items)] if items else []
        return "\n".join(lines)


def sweep_leftovers(workspace: Workspace, *, report: Reporter | None = None) -> Sweep:
    """Remove what bears the cluster's tag and is still there, in the order of dependency; the bucket last.

    Raises
    ------
    WaitTimeoutError
        When something will not go; names it and what stands in its way.
    """
    told = report or Reporter()
    session, name = workspace.session, workspace.cluster.name
    removed: dict[str, None] = {}
    foreign = ", ".join(map(str, aws.take_inventory(session, name).foreign))
    hint = "remove what stands in the way by hand, then destroy again"

    def look() -> NotYet[bool] | bool:
        # Each round asks for the removal of all that is there; what is in another's way fails, and goes in a later one.
        inventory = aws.take_inventory(session, name)
        obstacles = _remove_all(workspace, inventory, removed)
        left = aws.take_inventory(session, name).ours
        return NotYet("; ".join(obstacles) or ", ".join(map(str, left))) if left else True

    with hold_cluster(workspace.paths.folder, operation="sweep"):
        wait_until(
            look,
            what=f"the last things of {name} to go",
            patience=_HELD_PATIENCE if foreign else _SWEEP_PATIENCE,
            on_wait=told.note,
            hint=f"not ours, and in the VPC: {foreign}; {hint}" if foreign else hint,
        )
        if aws.bucket_exists(session, workspace.bucket):
            count = aws.delete_bucket(session, workspace.bucket)
            removed[f"bucket {workspace.bucket} with {count} versions of objects"] = None
    told.record(EventKind.CHANGE, {"swept": list(removed)})
    return Sweep(cluster=name, removed=tuple(removed))


def _remove_all(workspace: Workspace, inventory: Inventory, removed: dict[str, None]) -> list[str]:
    obstacles = []
    for thing in inventory.ours:
        try:
            if aws.remove_thing(workspace.session, thing):
                removed[str(thing)] = None
        except ServiceError as error:
            if not error.transient:
                raise
            obstacles.append(str(error))
    return obstacles


def verify_emptiness(workspace: Workspace, *, report: Reporter | None = None) -> Emptiness:
    """Look once more for everything of the cluster: by tag, by name, by walking its VPC, and for its bucket."""
    session, cluster = workspace.session, workspace.cluster
    inventory = aws.take_inventory(session, cluster.name)
    kept = [f"records under {workspace.paths.runs}", f"the cluster file {workspace.paths.file}"]
    if cluster.state.kind is StateKind.S3:
        kept.append(f"Terraform's state in s3://{cluster.state.bucket}/{cluster.state.key}")
    if not cluster.network.create:
        kept.append(f"the VPC {cluster.network.vpc_id}, which was there before the cluster")
    emptiness = Emptiness(
        cluster=cluster.name,
        account_id=session.account_id(),
        region=session.region,
        at=format_utc(utc_now()),
        left=inventory.ours,
        bucket=workspace.bucket if aws.bucket_exists(session, workspace.bucket) else "",
        foreign=inventory.foreign,
        kept=tuple(kept),
    )
    left, foreign = ([str(one) for one in things] for things in (emptiness.still_there, emptiness.foreign))
    facts = {"what": "emptiness", "ok": not left, "left": left, "foreign": foreign, "kept": kept}
    (report or Reporter()).record(EventKind.VERIFIED, facts)
    return emptiness


def forget_cluster(workspace: Workspace) -> tuple[str, ...]:
    """Remove every local trace of the cluster; records stay, and the cluster file moves among them.

    Returns
    -------
    tuple of str
        What was removed or moved, as words.
    """
    paths = workspace.paths
    with hold_cluster(paths.folder, operation="forget"):
        paths.runs.mkdir(parents=True, exist_ok=True)
        moved = paths.runs / paths.file.name
        shutil.move(paths.file, moved)
        shutil.rmtree(paths.folder)
    return (f"removed {paths.folder}", f"moved {paths.file} to {moved}")
