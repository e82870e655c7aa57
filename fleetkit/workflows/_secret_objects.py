"""Secrets in the cluster's bucket: what lies there, what is to lie there, and how the one becomes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleetkit import aws
from fleetkit.core import NotFoundError
from fleetkit.secrets import Protect, Secret
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._secret_files import SecretFile, hash_secret, list_secret_files, open_sources, resolve_file
from fleetkit.workflows._secrets_plan import PlannedSecret, SecretChange
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.delivery import DeliveredFile, render_manifest, secret_key, secret_lines

__all__ = [
    "ResolvedFile",
    "compare_files",
    "find_missing",
    "list_unnamed",
    "put_files",
    "read_manifest",
    "resolve_files",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ResolvedFile:
    """A file with its secret, and how a manifest names it."""

    file: SecretFile
    secret: Secret
    delivered: DeliveredFile

    def __repr__(self) -> str:
        # Not the hash either: from it a short value could be guessed.
        return f"ResolvedFile({self.file!r})"

    @property
    def line(self) -> str:
        """Its line of the manifest."""
        return render_manifest((self.delivered,)).decode("ascii").strip()


def find_missing(workspace: Workspace) -> tuple[str, ...]:
    """Return why there is nowhere to put secrets yet, a clause each; nothing where there is."""
    if not aws.bucket_exists(workspace.session, workspace.bucket):
        return (f"the bucket {workspace.bucket} is not there",)
    pools = [role for role in workspace.cluster.pools if not read_manifest(workspace, role)]
    return tuple(f"machines of {role} have no manifest yet" for role in pools)


def resolve_files(workspace: Workspace, *, protect: Protect, told: Reporter) -> list[ResolvedFile]:
    """Read all that the cluster file wants machines to find, now.

    Raises
    ------
    FleetkitError
        When a secret cannot be read, or cannot be used for what it is meant for.
    """
    files = list_secret_files(workspace.cluster)
    resolved = []
    with open_sources(workspace, files) as sources:
        for file in files:
            told.note(f"reading what {file.destination} of {file.role} is made of")
            secret = resolve_file(file, sources, protect=protect)
            resolved.append(ResolvedFile(file=file, secret=secret, delivered=file.delivered(hash_secret(secret))))
    return resolved


def compare_files(workspace: Workspace, role: str, resolved: Sequence[ResolvedFile]) -> list[PlannedSecret]:
    """Return what becomes of each file of a role, those among them that are wanted no longer.

    An object is the last to go, so what the bucket still has is told by it after a delivery that stopped midway.
    """
    before = dict.fromkeys(list_unnamed(workspace, role), "")
    before |= {line.split(" ")[3]: line for line in secret_lines(read_manifest(workspace, role))}
    found = []
    for one in resolved:
        if one.file.role != role:
            continue
        line, kept = before.pop(one.file.destination, ""), one.delivered
        change = SecretChange.CHANGED if line else SecretChange.NEW
        if line == one.line and aws.has_object(workspace.session, workspace.bucket, key=kept.key, sha256=kept.sha256):
            change = SecretChange.SAME
        found.append(
            PlannedSecret(role=role, destination=one.file.destination, sources=one.file.sources, change=change)
        )
    return found + [
        PlannedSecret(role=role, destination=path, sources=(), change=SecretChange.REMOVED) for path in before
    ]


def list_unnamed(workspace: Workspace, role: str) -> tuple[str, ...]:
    """Return the files of a role whose secret lies in the bucket though its manifest does not name it, by their paths.

    Raises
    ------
    AwsError
        When the bucket cannot be read.
    """
    named = {line.split(" ")[4] for line in secret_lines(read_manifest(workspace, role))}
    prefix = secret_key(role, "")
    there = aws.list_objects(workspace.session, workspace.bucket, prefix=f"{prefix}/")
    return tuple(one.key.removeprefix(prefix) for one in there if one.key not in named)


def put_files(workspace: Workspace, role: str, resolved: Sequence[ResolvedFile]) -> None:
    """Put the secrets of a role before its manifest, so that a machine never reads of one that is not there.

    Raises
    ------
    AwsError
        When the bucket cannot be written.
    """
    session, bucket = workspace.session, workspace.bucket
    for one in resolved:
        _put(workspace, one)
    before = read_manifest(workspace, role)
    secrets = set(secret_lines(before))
    kept = [line for line in before.decode("ascii").splitlines() if line not in secrets]
    manifest = "".join(f"{line}\n" for line in [*kept, *(one.line for one in resolved)])
    aws.put_object(session, bucket, key=f"roles/{role}/manifest", content=manifest.encode("ascii"))


def read_manifest(workspace: Workspace, role: str) -> bytes:
    """Return the manifest of a role; empty where there is none."""
    try:
        return aws.read_object(workspace.session, workspace.bucket, key=f"roles/{role}/manifest")
    except NotFoundError:
        return b""


def _put(workspace: Workspace, one: ResolvedFile) -> None:
    one.secret.deliver(
        lambda content: aws.put_object(workspace.session, workspace.bucket, key=one.delivered.key, content=content)
    )
