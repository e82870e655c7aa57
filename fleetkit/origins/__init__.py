"""Where the software on machines comes from: container registries, a mirror of release archives, a package index.

The only room that asks any of them. What it learns, digests and hashes, is pinned in the cluster file by a workflow.
Unit files come from git repositories through it as well, at a commit that the plan names.
"""

from fleetkit.origins.archive import Archive, archive_url, fetch_archive
from fleetkit.origins.pages_archive import PYTHON_TAG, PagesArchive, build_pages_archive
from fleetkit.origins.registry import resolve_image
from fleetkit.origins.repository import RepositoryPlace, fetch_repository_folder

__all__ = [
    "PYTHON_TAG",
    "Archive",
    "PagesArchive",
    "RepositoryPlace",
    "archive_url",
    "build_pages_archive",
    "fetch_archive",
    "fetch_repository_folder",
    "resolve_image",
]
