"""The archives in the cluster's bucket, each by its pinned hash: fleet's, and that of the pages."""

from __future__ import annotations

from collections.abc import Callable

from fleetkit import aws
from fleetkit.core import ServiceError
from fleetkit.origins import build_pages_archive, fetch_archive
from fleetkit.workflows._workspace import Workspace
from fleetkit.workflows.bucket_keys import archive_key, pages_key

__all__ = ["is_pages_archive_there", "supply_fleet", "supply_pages"]


def supply_fleet(workspace: Workspace) -> tuple[str, ...]:
    """Put fleet's archive where it is missing, and return the keys that were put.

    Raises
    ------
    ServiceError
        When it cannot be downloaded, or is not the pinned one.
    """
    pins = workspace.cluster.pins
    key = archive_key(workspace.cluster)
    if _is_there(workspace, key, sha256=pins.fleet_sha256):
        return ()
    archive = fetch_archive(pins.fleet_archive)
    if archive.sha256 != pins.fleet_sha256:
        raise ServiceError(
            f"fleet's archive at {pins.fleet_archive} is not the pinned one",
            seen=f"sha256 {archive.sha256}, pinned {pins.fleet_sha256}",
            hint="find out why it changed; fleetkit pin accepts the new one",
        )
    aws.put_object(workspace.session, workspace.bucket, key=key, content=archive.content)
    return (key,)


def supply_pages(workspace: Workspace, *, on_note: Callable[[str], None]) -> tuple[str, ...]:
    """Put the archive of the pages where they are pinned and it is missing, and return the keys that were put.

    Raises
    ------
    ServiceError
        When it cannot be built, or is not the pinned one.
    """
    pinned, key = workspace.cluster.pins.pages_sha256, pages_key(workspace.cluster)
    if not key or _is_there(workspace, key, sha256=pinned):
        return ()
    on_note("the archive of the pages is built, half a minute or so")
    archive = build_pages_archive()
    if archive.sha256 != pinned:
        raise ServiceError(
            "the archive of the pages is not the pinned one",
            seen=f"sha256 {archive.sha256}, pinned {pinned}",
            hint=f"it was pinned with another fleetkit; fleetkit pin {workspace.cluster.name} accepts this one's",
        )
    aws.put_object(workspace.session, workspace.bucket, key=key, content=archive.content)
    return (key,)


def is_pages_archive_there(workspace: Workspace) -> bool:
    """Return whether the pinned archive of the pages lies in the bucket; no bucket has none."""
    if not aws.bucket_exists(workspace.session, workspace.bucket):
        return False
    return _is_there(workspace, pages_key(workspace.cluster), sha256=workspace.cluster.pins.pages_sha256)


def _is_there(workspace: Workspace, key: str, *, sha256: str) -> bool:
    return aws.has_object(workspace.session, workspace.bucket, key=key, sha256=sha256)
