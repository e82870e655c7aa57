"""What may be swept: a notebook that changes nothing, over cluster files that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fleetkit.config import parse_cluster, read_cluster_data
from fleetkit.core import ClusterFileError, NotFoundError, PreconditionError, SettingsError
from fleetkit.runs import NotebookFile, Parameter, read_parameters
from fleetkit.runs.sweeps import SweepState, SweptCluster

__all__ = ["find_swept_clusters", "hold_for_sweep"]

_CHANGES = re.compile(r"^- \*Changes\*: *(.+)$", re.MULTILINE)
_NOTHING = re.compile(r"nothing(?: of the cluster)?(?:[;.]|$)")


def hold_for_sweep(notebook: NotebookFile, node: Any, *, given: Iterable[str]) -> tuple[Parameter, ...]:
    """Return a notebook's parameters, once it is one that may run on a hundred clusters without a person.

    Parameters
    ----------
    node
        The notebook as it was read.
    given
        Names of the parameters that are given by hand.

    Raises
    ------
    PreconditionError
        When it changes something, or does not say that it changes nothing.
    SettingsError
        When it works on no cluster, or its cluster is given by hand.
    """
    known = read_parameters(node)
    names = {parameter.name for parameter in known}
    if "approve" in names:
        raise PreconditionError(
            f"the notebook {notebook.name} is not swept",
            seen="it asks for an approval, and one look cannot approve what would change on many clusters",
            hint=f"run it for each cluster: fleetkit run {notebook.name} --cluster NAME",
        )
    said = _CHANGES.search(node["cells"][0]["source"]) if node["cells"] else None
    if said is None or _NOTHING.match(said[1]) is None:
        raise PreconditionError(
            f"the notebook {notebook.name} is not swept",
            seen=f"it changes {said[1]}" if said else "its first cell does not say what it changes",
            hint="only what changes nothing is swept; one of your own says so in its first cell: - *Changes*: nothing",
        )
    if "cluster" not in names:
        raise SettingsError(
            f"the notebook {notebook.name} works on no cluster",
            seen=f"its parameters: {', '.join(sorted(names)) or 'none'}",
            hint="name one with the parameter cluster",
        )
    if "cluster" in set(given):
        raise SettingsError("a sweep gives each run its cluster", hint="leave the parameter cluster out: --clusters")
    return known


def find_swept_clusters(patterns: Sequence[str], *, folder: Path) -> tuple[SweptCluster, ...]:
    """Return the clusters that patterns mean, in the order of their names; one whose file is broken says so.

    Parameters
    ----------
    patterns
        Paths of cluster files, in which ``*``, ``?`` and ``[...]`` stand for others.
    folder
        The folder that they start from.

    Raises
    ------
    NotFoundError
        When a pattern means no file.
    """
    files: dict[str, Path] = {}
    for pattern in patterns:
        found = sorted(_expand(pattern, folder))
        if not found:
            raise NotFoundError(
                f"no cluster file is meant by {pattern!r}",
                seen=f"looked from {folder}",
                hint="name files that end in .toml, in quotes: --clusters 'clusters/*.toml'",
            )
        files |= {_shorten(path, folder): path for path in found}
    by_name: dict[str, list[str]] = {}
    for shown, path in files.items():
        by_name.setdefault(path.stem, []).append(shown)
    looked = [_look(shown, path, namesakes=by_name[path.stem]) for shown, path in files.items()]
    return tuple(sorted(looked, key=lambda one: (one.cluster, one.file)))


def _expand(pattern: str, folder: Path) -> list[Path]:
    path = Path(pattern).expanduser()
    base = Path(path.anchor) if path.is_absolute() else folder
    # A name with a bracket in it may stand for itself.
    found = [base / path] if (base / path).is_file() else base.glob(str(path.relative_to(path.anchor)))
    return [one for one in found if one.suffix == ".toml" and one.is_file()]


def _shorten(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _look(shown: str, path: Path, *, namesakes: Sequence[str]) -> SweptCluster:
    swept = SweptCluster(cluster=path.stem, file=shown)
    if len(namesakes) > 1:
        return _unusable(
            swept,
            f"{len(namesakes)} files are of a cluster of this name: {', '.join(namesakes)}",
            "give each cluster a name of its own, or name one of the files",
        )
    try:
        cluster = parse_cluster(read_cluster_data(path), file=path)
    except ClusterFileError as error:
        return _unusable(swept, error.without_hint, error.hint or "")
    return SweptCluster(cluster=cluster.name, file=shown, region=cluster.region)


def _unusable(swept: SweptCluster, reason: str, next_step: str) -> SweptCluster:
    return SweptCluster(
        cluster=swept.cluster, file=swept.file, state=SweepState.UNUSABLE, reason=reason, next_step=next_step
    )
