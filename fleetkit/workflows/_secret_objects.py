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
from fleetkit.workflows.bucket_keys import secret_prefix, secret_target
from fleetkit.workflows.delivery import DeliveredFile, render_manifest, secret_lines

__all__ = [
    "ResolvedFile",
    "compare_files",
    "find_missing",
    "list_unnamed",
    "put_files",
    "read_manifest",
    "remove_unnamed",
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
        """Its line of the manifest, once it is put there anew."""
        return render_manifest((self.delivered,)).decode("ascii").strip()

    def is_there(self, workspace: Workspace, line: str) -> bool:
        """Whether a line of a manifest, empty for none, says the same of it, and leads to it."""
        fields, _, key = line.rpartition(" ")
        if fields != self.line.rpartition(" ")[0]:
            return False
        return aws.has_object(workspace.session, workspace.bucket, key=key, sha256=self.delivered.sha256)


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

    What is replaced or withdrawn is the last to go, so that the bucket still has it after a delivery that stopped
    midway, and the next one goes on.
    """
    named = _read_named(workspace, role)
    left = {secret_target(key) for key in list_unnamed(workspace, role)}
    found = []
    for one in resolved:
        path = one.file.destination
        if one.file.role != role:
            continue
        line = named.pop(path, "")
        change = SecretChange.CHANGED if line else SecretChange.NEW
        if path not in left and one.is_there(workspace, line):
            change = SecretChange.SAME
        left.discard(path)
        found.append(PlannedSecret(role=role, destination=path, sources=one.file.sources, change=change))
    return found + [
        PlannedSecret(role=role, destination=path, sources=(), change=SecretChange.REMOVED)
        for path in sorted(left.union(named))
    ]


def list_unnamed(workspace: Workspace, role: str) -> tuple[str, ...]:
    """Return the keys of a role's secrets that lie in the bucket though its manifest does not name them.

    Raises
    ------
    AwsError
        When the bucket cannot be read.
    """
    named = {line.split(" ")[4] for line in _read_named(workspace, role).values()}
    there = aws.list_objects(workspace.session, workspace.bucket, prefix=secret_prefix(role))
    return tuple(one.key for one in there if one.key not in named)


def put_files(workspace: Workspace, role: str, resolved: Sequence[ResolvedFile]) -> None:
    """Put the secrets of a role before its manifest, each beside the one that it replaces.

    So a machine that starts meanwhile finds all that its manifest names, be it the one of before, and a break in
    between does no harm.

    Raises
    ------
    AwsError
        When the bucket cannot be written.
    """
    named = _read_named(workspace, role)
    lines = [_put(workspace, one, named.get(one.file.destination, "")) for one in resolved]
    before = read_manifest(workspace, role)
    secrets = set(secret_lines(before))
    kept = [line for line in before.decode("ascii").splitlines() if line not in secrets]
    manifest = "".join(f"{line}\n" for line in [*kept, *lines])
    key = f"roles/{role}/manifest"
    aws.put_object(workspace.session, workspace.bucket, key=key, content=manifest.encode("ascii"))


def remove_unnamed(workspace: Workspace, role: str) -> None:
    """Remove the secrets of a role that its manifest does not name: what was replaced, and what was withdrawn.

    Raises
    ------
    AwsError
        When they cannot be removed.
    """
    aws.delete_objects(workspace.session, workspace.bucket, keys=list_unnamed(workspace, role))


def read_manifest(workspace: Workspace, role: str) -> bytes:
    """Return the manifest of a role; empty where there is none."""
    try:
        return aws.read_object(workspace.session, workspace.bucket, key=f"roles/{role}/manifest")
    except NotFoundError:
        return b""


def _read_named(workspace: Workspace, role: str) -> dict[str, str]:
    """Return each file that a role's manifest names as a secret, to its line."""
    return {line.split(" ")[3]: line for line in secret_lines(read_manifest(workspace, role))}


def _put(workspace: Workspace, one: ResolvedFile, line: str) -> str:
    """Put a secret unless the line that names it leads to it already; return the line that does."""
    if one.is_there(workspace, line):
        return line
    one.secret.deliver(
        lambda content: aws.put_object(workspace.session, workspace.bucket, key=one.delivered.key, content=content)
    )
    return one.line
