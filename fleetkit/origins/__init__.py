"""Where the software on machines comes from: container registries, a mirror of release archives, a package index.

The only room that asks any of them. What it learns, digests and hashes, is pinned in the cluster file by a workflow.
"""

from fleetkit.origins.archive import Archive, archive_url, fetch_archive
from fleetkit.origins.pages_archive import PYTHON_TAG, PagesArchive, build_pages_archive
from fleetkit.origins.registry import resolve_image

__all__ = [
    "PYTHON_TAG",
    "Archive",
    "PagesArchive",
    "archive_url",
    "build_pages_archive",
    "fetch_archive",
    "resolve_image",
]
