"""Where unit files lie: files and folders of this computer, and folders of git repositories at one commit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from fleetkit.core import NotFoundError
from fleetkit.fleet import UnitFiles, read_unit_files
from fleetkit.origins import RepositoryPlace, fetch_repository_folder
from fleetkit.workflows._reporting import Reporter

__all__ = ["read_unit_places"]


def read_unit_places(
    places: Iterable[str],
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    report: Reporter | None = None,
) -> UnitFiles:
    """Read and check unit files from wherever they lie; see `fleetkit.fleet.read_unit_files`.

    Parameters
    ----------
    places
        Files and folders, or folders of repositories such as ``git+https://host/path.git@v1#units``.
    folder
        From which paths are seen; the current one where not given.
    environ
        The environment that git is started with; the process's own where not given.

    Returns
    -------
    UnitFiles
        Files of a repository have its name and commit in their paths: nothing of it stays on this disk.

    Raises
    ------
    SettingsError
        When a place in a repository is not written as one.
    NotFoundError
        When a place is not there, there is no unit file in a folder, or no git here.
    ServiceError
        When a repository cannot be fetched.
    """
    told, folder = report or Reporter(), Path() if folder is None else folder
    paths, origins = [], []
    shown: dict[str, str] = {}
    with ExitStack() as stack:
        for text in places:
            if not RepositoryPlace.is_one(text):
                paths.append(folder / text)
                continue
            place = RepositoryPlace.parse(text)
            told.note(f"fetching {place}")
            into = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleetkit-units-")))
            commit = fetch_repository_folder(place, into, environ=environ)
            paths.append(into / "tree" / place.folder)
            shown[str(into / "tree")] = f"{place.name}@{commit[:12]}"
            origins.append(place.at(commit))
        try:
            files = read_unit_files(paths)
        except NotFoundError as error:
            raise NotFoundError(_show(error.what, shown), hint=error.hint) from error
    return replace(
        files,
        paths={name: Path(_show(str(path), shown)) for name, path in files.paths.items()},
        findings=tuple(replace(one, seen=_show(one.seen, shown)) for one in files.findings),
        origins=tuple(origins),
    )


def _show(text: str, shown: Mapping[str, str]) -> str:
    """Return a text with the repository's name and commit in the place of where it lay for a moment."""
    for tree, name in shown.items():
        text = text.replace(tree, name)
    return text
