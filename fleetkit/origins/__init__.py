"""Where the software on machines comes from: a container registry, and a mirror of release archives.

The only room that asks either. What it learns, digests and hashes, is pinned in the cluster file by a workflow.
"""

from fleetkit.origins.archive import Archive, archive_url, fetch_archive
from fleetkit.origins.registry import resolve_image

__all__ = ["Archive", "archive_url", "fetch_archive", "resolve_image"]
