"""What the shell offers for clusters, notebooks and runs; nothing but names of files is looked at."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

__all__ = ["complete_cluster", "complete_notebook", "complete_run"]


def complete_cluster(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the cluster files here that begin so."""
    files = sorted(Path.cwd().glob("clusters/*.toml"))
    return [file.stem for file in files if file.stem.startswith(incomplete)]


def complete_notebook(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the packaged notebooks whose name begins so, with the number or without; of a path, files."""
    from fleetkit.runs import list_notebooks

    if incomplete.startswith((".", "/", "~")):
        return [CompletionItem(incomplete, type="file")]
    names = [one.name for one in list_notebooks()]
    numbered = [name for name in names if name.startswith(incomplete)]
    plain = [rest for name in names if (rest := name.partition("-")[2]).startswith(incomplete)]
    return [CompletionItem(name) for name in numbered or plain]


def complete_run(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of the records here that begin so, the newest first, and ``latest``."""
    names = sorted({path.name for path in Path.cwd().glob("runs/*/*Z-*") if path.is_dir()}, reverse=True)
    return [name for name in ("latest", *names) if name.startswith(incomplete)]
