"""The working copy of a workspace's cluster, with Terraform found and everything laid out."""

from __future__ import annotations

from fleetkit import aws
from fleetkit.config import Cluster, StateKind, terraform_variables
from fleetkit.terraform import Backend, LocalBackend, S3Backend, WorkingCopy, find_terraform
from fleetkit.workflows._reporting import Reporter
from fleetkit.workflows._workspace import Workspace

__all__ = ["open_working_copy", "state_backend"]


def state_backend(cluster: Cluster, *, endpoint_url: str = "") -> Backend:
    """Return where the cluster's state lives, as its file says."""
    if cluster.state.kind is StateKind.LOCAL:
        return LocalBackend()
    return S3Backend(
        bucket=cluster.state.bucket, key=cluster.state.key, region=cluster.region, endpoint_url=endpoint_url
    )


def open_working_copy(workspace: Workspace, *, told: Reporter | None = None, holding: bool = False) -> WorkingCopy:
    """Return the cluster's working copy, prepared: modules, variables, provider and backend are up to date.

    Parameters
    ----------
    told
        Told what a Terraform that was killed had left there, and what was done about it.
    holding
        Whether the caller holds the lock of a state in S3 itself (`hold_everywhere`), which Terraform would find taken.

    Raises
    ------
    SettingsError, TerraformError
        When there is no Terraform that will do, or it cannot be initialised.
    BusyError
        When somebody else works in it.
    """
    paths, settings, environ = workspace.paths, workspace.settings, workspace.environ
    binary = find_terraform(
        settings.terraform,
        environ.get("PATH", ""),
        launcher_folder=paths.folder / "bin",
        environ=environ,
    )
    unlock = ("fleetkit", "unlock", workspace.cluster.name)
    locks = not holding or workspace.cluster.state.kind is StateKind.LOCAL
    copy = WorkingCopy(paths.terraform, binary=binary, environ=environ, unlock_words=unlock, locks_state=locks)
    prepared = copy.prepare(
        terraform_variables(
            workspace.cluster,
            bucket=workspace.bucket,
            account_id=workspace.session.account_id(),
            # A plan may come before a deploy has made the bucket, and after a destroy has removed it.
            bucket_exists=aws.bucket_exists(workspace.session, workspace.bucket),
        ),
        provider_file=settings.terraform_provider,
        backend=state_backend(workspace.cluster, endpoint_url=environ.get("AWS_ENDPOINT_URL", "")),
    )
    for note in prepared.notes:
        (told or Reporter()).note(note)
    return copy
