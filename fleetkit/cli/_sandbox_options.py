"""The option that all commands of the sandbox share: which sandbox is meant."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["dir_option"]

dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".sandbox"),
    show_default=True,
    help="The sandbox's folder; each folder is a sandbox of its own.",
)
